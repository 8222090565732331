//! `stormglass udp run`: all nodes of a scenario on this host, judged by the same sentences.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Instant;

use scenarios::format::{Scenario, Sources};
use scenarios::json;
use scenarios::run::{Panicked, Run, Runner, Verdict, conclude, keys_of_seed};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::Span;
use sim_core::sim::Outcome;
use udp::counts::Counts;
use udp::drive::Failure;
use udp::store::Opening;

use super::host::{Beginning, Host, Watch};
use super::processes;
use super::report::{Told, simulate};
use super::signals::Signals;
use crate::args::UdpRunArgs;
use crate::exit::Exit;
use crate::files;
use crate::out::Out;
use crate::plan::{self, Planned};
use crate::progress::Progress;
use crate::screen;

/// What came of a real run.
pub struct Came {
    pub outcome: Outcome,
    pub panicked: Option<Panicked>,
    pub counts: Vec<Counts>,
}

/// One real run that is about to begin.
pub struct Real<'a> {
    pub registry: &'a dyn Runner,
    pub scenario: &'a Scenario,
    pub file: &'a str,
    /// The run folder.
    pub folder: &'a Path,
    pub addresses: Vec<SocketAddr>,
    pub group: Option<SocketAddr>,
    /// The words of a command that choose this scenario.
    pub words: Vec<String>,
    /// The network of the scenario is left out.
    pub own_network: bool,
    pub drain: Span,
    pub signals: &'a Signals,
}

/// Runs scenarios on real sockets.
pub fn run(out: Out, registry: &dyn Runner, args: &UdpRunArgs) -> Exit {
    let (sources, planned) = match plan::plan(out, registry, &args.files, &args.overriding) {
        Ok(planned) => planned,
        Err(exit) => return exit,
    };
    let left_out = !planned.is_empty();
    let mut chosen = Vec::new();
    for planned in planned {
        let nodes = planned.scenario.nodes;
        if args.processes && nodes > processes::NODES_MAX {
            out.note(format_args!(
                "note: {} has {nodes} nodes and is left out: --processes starts at most {} processes",
                planned.scenario.name,
                processes::NODES_MAX
            ));
            continue;
        }
        let simulated = simulate(registry, &planned.scenario);
        let takes = Span::from_nanos(simulated.metrics.virtual_time_ns);
        if args.longest.is_none_or(|longest| takes <= longest) {
            chosen.push((planned, simulated));
        } else {
            out.note(format_args!(
                "note: {} takes {takes} and is left out (--longest)",
                planned.scenario.name
            ));
        }
    }
    if chosen.is_empty() {
        let nothing = if left_out {
            "nothing to run: all was left out".to_owned()
        } else {
            format!("nothing to run: {}", files::none_in(&args.files))
        };
        out.complain(format_args!(
            "{nothing} (--allow-empty makes that a success)"
        ));
        return if args.allow_empty {
            Exit::Held
        } else {
            Exit::Nothing
        };
    }
    let signals = Signals::listen();
    let mut worst = Exit::Held;
    let mut documents = Vec::new();
    let mut counts = screen::Counts::default();
    let names = chosen
        .iter()
        .map(|(planned, _)| planned.scenario.name.chars().count());
    let many = names.max().filter(|_| chosen.len() > 1);
    let mut progress = Progress::new(chosen.len(), args.json || out.is_quiet());
    for (planned, simulated) in &chosen {
        progress.now(&planned.scenario.name);
        let mut shown = String::new();
        let real = One {
            out,
            registry,
            args,
            sources: &sources,
            signals: &signals,
            many,
        };
        match real.run(planned, simulated) {
            Ok((verdict, text, document)) => {
                if counts.line_above() && verdict != Verdict::Pass {
                    shown.push('\n');
                }
                shown.push_str(&text);
                counts.add(verdict);
                worst = worst.worst(verdict.into());
                documents.push(document);
            }
            Err(failure) => {
                progress.around(|| {
                    out.complain(format_args!("error: {}: {failure}", planned.scenario.name));
                });
                let usage = matches!(&failure, Failure::Io(error) if error.kind() == io::ErrorKind::InvalidInput);
                worst = worst.worst(if usage { Exit::Usage } else { Exit::Io });
            }
        }
        progress.around(|| {
            if !args.json {
                out.answer(shown);
            }
        });
        progress.done();
        if let Some(exit) = signals.asked() {
            out.complain("interrupted: this run was ended, and no further one begun");
            worst = exit;
            break;
        }
    }
    progress.finish();
    if args.json {
        let text = serde_json::to_string_pretty(&json::document(documents)).unwrap_or_default();
        out.answer(format_args!("{text}\n"));
    } else if many.is_some() {
        out.answer(counts.line(out));
    }
    worst
}

/// What every run of a command has in common.
struct One<'a> {
    out: Out,
    registry: &'a dyn Runner,
    args: &'a UdpRunArgs,
    sources: &'a Sources,
    signals: &'a Signals,
    many: Option<usize>,
}

impl One<'_> {
    /// One run: its verdict, what is printed, and the same as JSON.
    fn run(
        &self,
        planned: &Planned,
        simulated: &Run,
    ) -> Result<(Verdict, String, serde_json::Value), Failure> {
        let One {
            out,
            registry,
            args,
            sources,
            signals,
            many,
        } = *self;
        let scenario = &planned.scenario;
        let (id, folder) = fresh_folder(&args.out, &scenario.name)?;
        let addresses = addresses(args, scenario.nodes)?;
        let site = format!(
            "{} nodes on {}, {}; {}",
            scenario.nodes,
            args.bind,
            if args.processes {
                "a process each"
            } else {
                "one process"
            },
            if args.own_network {
                "messages fare as on the real network, nodes fail as the scenario says"
            } else {
                "the scenario's network and faults are applied at the sockets, on top of the real network"
            }
        );
        let real = Real {
            registry,
            scenario,
            file: &planned.file,
            folder: &folder,
            group: super::group(scenario, args.bind),
            addresses,
            words: plan::words(planned, &args.overriding),
            own_network: args.own_network,
            drain: args.drain,
            signals,
        };
        let started = Instant::now();
        let came = if args.processes {
            processes::run(&real)?
        } else {
            in_one_process(&real)?
        };
        let wall = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut run = conclude(
            scenario,
            came.outcome,
            came.panicked,
            simulated.metrics.steps,
        );
        if signals.asked().is_some() && run.verdict == Verdict::Pass {
            run.verdict = Verdict::Inconclusive;
        }
        let mut again = format!("stormglass udp run {}", plan::command(&real.words));
        for (flag, given) in [
            (" --processes", args.processes),
            (" --own-network", args.own_network),
        ] {
            if given {
                again.push_str(flag);
            }
        }
        let told = Told {
            sources,
            scenario,
            run: &run,
            simulated,
            counts: &came.counts,
            site: &site,
            apart: args.processes,
            again: &again,
            id: &id,
            root: &args.out,
        };
        let document = told.document();
        told.save(&document, wall)?;
        let mut text = told.screen(out, many);
        if many.is_none() {
            let flag = screen::folder_flag(&args.out);
            text.push_str(&format!(
                "saved  {}\nlook   stormglass trace latest{flag}      check  stormglass replay latest{flag}\n",
                folder.display()
            ));
        }
        Ok((run.verdict, text, document))
    }
}

/// All nodes in one loop.
fn in_one_process(real: &Real<'_>) -> Result<Came, Failure> {
    let host = Host {
        registry: real.registry,
        scenario: real.scenario,
        file: real.file,
        here: (0..real.scenario.nodes).map(NodeId).collect(),
        first: NodeId(0),
        cluster: format!("{} {}", real.scenario.name, udp::entropy()?),
        addresses: real.addresses.clone(),
        group: real.group,
        keys: keys_of_seed(real.scenario.seed),
        key_names: Vec::new(),
        state: real.folder.join("state.redb"),
        opening: Opening::Fresh,
        folder: real.folder.to_owned(),
        name: "all".to_owned(),
        own_network: real.own_network,
    };
    let mut watch = Watch::new(real.signals, real.drain, real.folder, "all")?;
    let hosted = host.run(&mut watch, || Ok(Beginning::now()))?;
    watch.finish()?;
    Ok(Came {
        outcome: hosted.outcome,
        panicked: hosted.panicked,
        counts: vec![hosted.ran.counts],
    })
}

/// A folder for a run: the first `udp-1`, `udp-2`, … that is not there. Its path below the root, and whole.
pub fn fresh_folder(root: &Path, name: &str) -> io::Result<(PathBuf, PathBuf)> {
    let parent = root.join(name);
    let at = |path: &Path, error: io::Error| {
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    };
    fs::create_dir_all(&parent).map_err(|error| at(&parent, error))?;
    let mut number = 1_u64;
    loop {
        let id = Path::new(name).join(format!("udp-{number}"));
        let folder = root.join(&id);
        match fs::create_dir(&folder) {
            Ok(()) => return Ok((id, folder)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
            Err(error) => return Err(at(&folder, error)),
        }
    }
}

/// The address of each node. Processes must know each other's before they start, so their ports are chosen here.
fn addresses(args: &UdpRunArgs, nodes: u32) -> io::Result<Vec<SocketAddr>> {
    if let Some(port) = args.port {
        let ports = (0..nodes).map(|node| u16::try_from(u32::from(port) + node));
        let addresses = ports.map(|port| port.map(|port| SocketAddr::new(args.bind, port)));
        return addresses.collect::<Result<_, _>>().map_err(|_| {
            io::Error::new(
                io::ErrorKind::InvalidInput,
                format!("--port {port}: there are not {nodes} ports from there on"),
            )
        });
    }
    if !args.processes {
        return Ok(vec![SocketAddr::new(args.bind, 0); nodes as usize]);
    }
    // All at once, so that no port is given twice; they are free again when the processes ask for them.
    let sockets: io::Result<Vec<std::net::UdpSocket>> = (0..nodes)
        .map(|_| std::net::UdpSocket::bind(SocketAddr::new(args.bind, 0)))
        .collect();
    let addresses: BTreeSet<SocketAddr> = sockets?
        .iter()
        .map(std::net::UdpSocket::local_addr)
        .collect::<io::Result<_>>()?;
    Ok(addresses.into_iter().collect())
}
