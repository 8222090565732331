//! Which part of a sweep one process runs, and how engines that start many tell each which it is.

use std::fmt;
use std::str::FromStr;

/// Part `index` of `count`, from 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shard {
    /// From 1.
    pub index: u32,
    /// Of so many.
    pub count: u32,
}

/// All of it.
impl Default for Shard {
    fn default() -> Shard {
        Shard { index: 1, count: 1 }
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Shard, String> {
        let parts = text.split_once('/').and_then(|(index, count)| {
            Some((index.trim().parse().ok()?, count.trim().parse().ok()?))
        });
        match parts {
            Some((index, count)) => Shard::new(index, count),
            None => Err(format!(
                "`{text}` is no shard: write `3/8`, the third of eight"
            )),
        }
    }
}

/// How an engine says which of its tasks this is. Offsets and counts may be variables, too.
struct Engine {
    name: &'static str,
    index: &'static str,
    /// The number of the first task, where that may vary.
    first: Option<&'static str>,
    /// The number of the first task otherwise.
    base: u32,
    step: Option<&'static str>,
    size: Size,
}

/// How an engine says how many tasks there are.
enum Size {
    Count(&'static str),
    Last(&'static str),
    Unknown,
}

/// In the order in which they are asked.
const ENGINES: [Engine; 7] = [
    Engine {
        name: "Slurm",
        index: "SLURM_ARRAY_TASK_ID",
        first: Some("SLURM_ARRAY_TASK_MIN"),
        base: 1,
        step: Some("SLURM_ARRAY_TASK_STEP"),
        size: Size::Count("SLURM_ARRAY_TASK_COUNT"),
    },
    Engine {
        name: "HyperQueue",
        index: "HQ_TASK_ID",
        first: None,
        base: 1,
        step: None,
        size: Size::Unknown,
    },
    Engine {
        name: "Kubernetes",
        index: "JOB_COMPLETION_INDEX",
        first: None,
        base: 0,
        step: None,
        size: Size::Unknown,
    },
    Engine {
        name: "PBS",
        index: "PBS_ARRAY_INDEX",
        first: None,
        base: 1,
        step: None,
        size: Size::Unknown,
    },
    Engine {
        name: "Grid Engine",
        index: "SGE_TASK_ID",
        first: Some("SGE_TASK_FIRST"),
        base: 1,
        step: Some("SGE_TASK_STEPSIZE"),
        size: Size::Last("SGE_TASK_LAST"),
    },
    Engine {
        name: "OpenMPI",
        index: "OMPI_COMM_WORLD_RANK",
        first: None,
        base: 0,
        step: None,
        size: Size::Count("OMPI_COMM_WORLD_SIZE"),
    },
    Engine {
        name: "PMI",
        index: "PMI_RANK",
        first: None,
        base: 0,
        step: None,
        size: Size::Count("PMI_SIZE"),
    },
];

/// An environment: a variable by its name.
type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

impl Shard {
    /// Part `index` of `count`.
    ///
    /// # Errors
    /// If there is none.
    pub fn new(index: u32, count: u32) -> Result<Shard, String> {
        if index == 0 || index > count {
            return Err(format!(
                "there is no shard {index} of {count}: they are numbered 1 to {count}"
            ));
        }
        Ok(Shard { index, count })
    }

    /// Does the run at this place of the plan belong to it? Round-robin, so that dear points are shared out.
    #[must_use]
    pub fn has(self, place: usize) -> bool {
        place as u64 % u64::from(self.count) == u64::from(self.index - 1)
    }

    /// What the engine says that has started this process: `STORMGLASS_SHARD`, or the first of the known engines that has
    /// set its variables. `shards` is how many there are, where the engine does not tell.
    ///
    /// # Errors
    /// If nobody says, or two contradict each other.
    pub fn auto(environment: Environment<'_>, shards: Option<u32>) -> Result<Shard, String> {
        if let Some(text) = environment("STORMGLASS_SHARD") {
            let shard: Shard = text
                .parse()
                .map_err(|error| format!("STORMGLASS_SHARD: {error}"))?;
            return agrees("STORMGLASS_SHARD", shard, shards);
        }
        let mut found: Option<(&Engine, Shard)> = None;
        for engine in &ENGINES {
            let Some(shard) = engine.shard(environment, shards, found.is_some())? else {
                continue;
            };
            match found {
                None => found = Some((engine, shard)),
                // One rank by itself, as `srun` starts it within a task of an array, says nothing.
                Some((first, other)) if shard != other && shard.count > 1 && other.count > 1 => {
                    return Err(format!(
                        "{} says that this is shard {other}, and {} that it is {shard} (STORMGLASS_SHARD=i/n decides)",
                        first.index, engine.index
                    ));
                }
                Some((_, other)) if other.count == 1 && shard.count > 1 => {
                    found = Some((engine, shard));
                }
                Some(_) => {}
            }
        }
        found.map(|(_, shard)| shard).ok_or_else(|| {
            let names: Vec<&str> = ENGINES.iter().map(|engine| engine.index).collect();
            format!(
                "nothing says which shard this is: none of STORMGLASS_SHARD, {} is set",
                names.join(", ")
            )
        })
    }
}

fn agrees(variable: &str, shard: Shard, shards: Option<u32>) -> Result<Shard, String> {
    match shards {
        Some(shards) if shards != shard.count => Err(format!(
            "{variable} says that there are {} shards, and --shards that there are {shards}",
            shard.count
        )),
        _ => Ok(shard),
    }
}

impl Engine {
    fn shard(
        &self,
        environment: Environment<'_>,
        shards: Option<u32>,
        another: bool,
    ) -> Result<Option<Shard>, String> {
        // Grid Engine sets it for jobs that are no arrays, too.
        let Some(text) = environment(self.index).filter(|text| text != "undefined") else {
            return Ok(None);
        };
        let number = |name: &str, text: &str| -> Result<u32, String> {
            let parsed = text.trim().parse();
            parsed.map_err(|_| format!("{name} is `{text}`, which is no number of a task"))
        };
        let variable = |name: Option<&str>| -> Result<Option<u32>, String> {
            let set = name.and_then(|name| Some((name, environment(name)?)));
            set.filter(|(_, text)| text != "undefined")
                .map(|(name, text)| number(name, &text))
                .transpose()
        };
        let task = number(self.index, &text)?;
        let first = variable(self.first)?.unwrap_or(self.base);
        let step = variable(self.step)?.unwrap_or(1).max(1);
        let told = match self.size {
            Size::Count(name) => variable(Some(name))?,
            Size::Last(name) => {
                variable(Some(name))?.map(|last| last.saturating_sub(first) / step + 1)
            }
            Size::Unknown => None,
        };
        let Some(count) = told.or(shards) else {
            return Err(format!(
                "{} says that this is task {task}, but not how many there are: add `--shards n`",
                self.name
            ));
        };
        let from_first = task.checked_sub(first).filter(|offset| offset % step == 0);
        let shard = from_first
            .and_then(|offset| Shard::new(offset / step + 1, count).ok())
            .ok_or_else(|| {
                format!(
                    "{} is {task}, which is none of {count} tasks numbered from {first} by {step} (`--shard i/n` says it \
                     directly)",
                    self.index
                )
            })?;
        if count == 1 && another {
            return Ok(Some(shard));
        }
        agrees(self.index, shard, shards).map(Some)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Variables, `--shards`, and what comes of them.
    type Case<'a> = (&'a [(&'a str, &'a str)], Option<u32>, &'a str);

    fn auto(variables: &[(&str, &str)], shards: Option<u32>) -> Result<String, String> {
        let environment = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        Shard::auto(&environment, shards).map(|shard| shard.to_string())
    }

    #[test]
    fn every_engine_says_which_shard_it_is() {
        let slurm = [
            ("SLURM_ARRAY_TASK_ID", "12"),
            ("SLURM_ARRAY_TASK_MIN", "10"),
            ("SLURM_ARRAY_TASK_COUNT", "8"),
        ];
        let stepped = [
            ("SLURM_ARRAY_TASK_ID", "9"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_STEP", "4"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
        ];
        let sge = [("SGE_TASK_ID", "3"), ("SGE_TASK_LAST", "8")];
        let sge_stepped = [
            ("SGE_TASK_ID", "6"),
            ("SGE_TASK_FIRST", "2"),
            ("SGE_TASK_LAST", "10"),
            ("SGE_TASK_STEPSIZE", "2"),
        ];
        let mpi = [("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "8")];
        let pmi = [("PMI_RANK", "7"), ("PMI_SIZE", "8")];
        let table: [Case<'_>; 12] = [
            (&[("STORMGLASS_SHARD", "3/8")], None, "3/8"),
            (&slurm, None, "3/8"),
            (&slurm, Some(8), "3/8"),
            (&stepped, None, "3/4"),
            (&[("HQ_TASK_ID", "3")], Some(8), "3/8"),
            (&[("JOB_COMPLETION_INDEX", "0")], Some(8), "1/8"),
            (&[("PBS_ARRAY_INDEX", "8")], Some(8), "8/8"),
            (&sge, None, "3/8"),
            (&sge_stepped, None, "3/5"),
            (&mpi, None, "1/8"),
            (&pmi, None, "8/8"),
            (
                &[
                    ("SGE_TASK_ID", "undefined"),
                    ("PMI_RANK", "1"),
                    ("PMI_SIZE", "2"),
                ],
                None,
                "2/2",
            ),
        ];
        for (variables, shards, expected) in table {
            assert_eq!(
                auto(variables, shards),
                Ok(expected.to_owned()),
                "{variables:?}"
            );
        }
    }

    #[test]
    fn one_rank_in_a_task_of_an_array_is_no_contradiction() {
        let both = [
            ("SLURM_ARRAY_TASK_ID", "2"),
            ("SLURM_ARRAY_TASK_MIN", "1"),
            ("SLURM_ARRAY_TASK_COUNT", "4"),
            ("PMI_RANK", "0"),
            ("PMI_SIZE", "1"),
        ];
        assert_eq!(auto(&both, None), Ok("2/4".to_owned()));
        let overruled = [("STORMGLASS_SHARD", "1/2"), ("HQ_TASK_ID", "9")];
        assert_eq!(auto(&overruled, None), Ok("1/2".to_owned()));
    }

    #[test]
    fn contradictions_and_what_says_too_little_are_errors() {
        let slurm = |id: &'static str| {
            [
                ("SLURM_ARRAY_TASK_ID", id),
                ("SLURM_ARRAY_TASK_MIN", "1"),
                ("SLURM_ARRAY_TASK_COUNT", "4"),
            ]
        };
        let mut mixed = slurm("2").to_vec();
        mixed.extend([("OMPI_COMM_WORLD_RANK", "0"), ("OMPI_COMM_WORLD_SIZE", "8")]);
        let (two, seven) = (slurm("2"), slurm("7"));
        let table: [Case<'_>; 9] = [
            (&[], None, "nothing says which shard this is"),
            (&[("HQ_TASK_ID", "3")], None, "add `--shards n`"),
            (
                &[("HQ_TASK_ID", "0")],
                Some(8),
                "none of 8 tasks numbered from 1",
            ),
            (&[("HQ_TASK_ID", "x")], Some(8), "no number of a task"),
            (&[("STORMGLASS_SHARD", "9/8")], None, "no shard 9 of 8"),
            (
                &[("STORMGLASS_SHARD", "3/8")],
                Some(4),
                "--shards that there are 4",
            ),
            (
                &two,
                Some(8),
                "there are 4 shards, and --shards that there are 8",
            ),
            (&seven, None, "none of 4 tasks"),
            (&mixed, None, "STORMGLASS_SHARD=i/n decides"),
        ];
        for (variables, shards, expected) in table {
            let error = auto(variables, shards).unwrap_err();
            assert!(error.contains(expected), "{variables:?}: {error}");
        }
    }

    #[test]
    fn shards_share_out_everything_once() {
        for count in 1..6 {
            for place in 0..50 {
                let owners =
                    (1..=count).filter(|index| Shard::new(*index, count).unwrap().has(place));
                assert_eq!(owners.count(), 1);
            }
        }
    }
}
