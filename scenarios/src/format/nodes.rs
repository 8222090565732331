//! Sets of nodes: `3`, `[1, 4]`, `0..=3`, `All`, `First(k)`, `Random(count: 2)`.

use super::context::whole;
use super::fields::{Absent, Fields, Spec};
use super::place::Place;
use super::problem::{Code, Problem};
use super::raw::{Opened, Raw};
use super::resolved::Ron;
use super::sets::Node;
use super::words::shown;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::random::{Draws, Probability};
use std::collections::BTreeSet;

/// Which nodes, as the scenario says it.
#[derive(Clone, Debug, PartialEq)]
pub enum NodeSet {
    /// One node.
    One(u32),
    /// These, ascending, each once.
    List(Vec<u32>),
    /// From the first to the last, both included.
    Range(u32, u32),
    /// Every node.
    All,
    /// The first so many.
    First(u32),
    /// So many, drawn anew in every run, none of `except`.
    Count {
        /// How many.
        count: u32,
        /// Never these, ascending.
        except: Vec<u32>,
    },
    /// This share of all nodes, rounded to the nearest number, halves up, none of `except`.
    Fraction {
        /// Of all nodes.
        fraction: Probability,
        /// Never these, ascending.
        except: Vec<u32>,
    },
}

impl NodeSet {
    /// The nodes of a cluster of `nodes` that are meant, ascending.
    ///
    /// Random sets take the first lanes of `draws`: one lane a member.
    #[must_use]
    pub fn resolve(&self, nodes: u32, draws: Draws) -> Vec<NodeId> {
        match self {
            NodeSet::One(node) => vec![NodeId(*node)],
            NodeSet::List(list) => list.iter().copied().map(NodeId).collect(),
            NodeSet::Range(first, last) => (*first..=*last).map(NodeId).collect(),
            NodeSet::All => (0..nodes).map(NodeId).collect(),
            NodeSet::First(count) => (0..*count).map(NodeId).collect(),
            NodeSet::Count { count, except } => sample(nodes, *count, except, draws),
            NodeSet::Fraction { fraction, except } => {
                sample(nodes, share(*fraction, nodes), except, draws)
            }
        }
    }

    /// The nodes that are meant, as ranges from a first to a last node; none if they are drawn.
    pub(super) fn certain(&self, nodes: u32) -> Option<Vec<(u32, u32)>> {
        Some(match self {
            NodeSet::One(node) => vec![(*node, *node)],
            NodeSet::List(list) => list.iter().map(|node| (*node, *node)).collect(),
            NodeSet::Range(first, last) => vec![(*first, *last)],
            NodeSet::All => vec![(0, nodes.saturating_sub(1))],
            NodeSet::First(0) => vec![],
            NodeSet::First(count) => vec![(0, count - 1)],
            NodeSet::Count { .. } | NodeSet::Fraction { .. } => return None,
        })
    }

    /// A node that is in both sets for sure.
    pub(super) fn common(&self, other: &NodeSet, nodes: u32) -> Option<u32> {
        let (ours, theirs) = (self.certain(nodes)?, other.certain(nodes)?);
        let (mut i, mut j) = (0, 0);
        while let (Some(one), Some(two)) = (ours.get(i), theirs.get(j)) {
            let first = one.0.max(two.0);
            if first <= one.1.min(two.1) {
                return Some(first);
            }
            if one.1 < two.1 {
                i += 1;
            } else {
                j += 1;
            }
        }
        None
    }

    fn ron(&self) -> Ron {
        let leaf = |value: &dyn ToString| Ron::Leaf(value.to_string());
        let list = |nodes: &[u32]| Ron::List(nodes.iter().map(|node| leaf(node)).collect());
        let random = |key, value, except| {
            Ron::Struct("Random".to_owned(), vec![(key, value), ("except", except)])
        };
        match self {
            NodeSet::One(node) => leaf(node),
            NodeSet::List(nodes) => list(nodes),
            NodeSet::Range(first, last) => Ron::Leaf(format!("{first}..={last}")),
            NodeSet::All => Ron::Leaf("All".to_owned()),
            NodeSet::First(count) => Ron::Tuple("First".to_owned(), vec![leaf(count)]),
            NodeSet::Count { count, except } => random("count", leaf(count), list(except)),
            NodeSet::Fraction { fraction, except } => {
                random("fraction", leaf(fraction), list(except))
            }
        }
    }
}

/// `fraction` of `nodes`, to the nearest number.
fn share(fraction: Probability, nodes: u32) -> u32 {
    if fraction.is_always() {
        return nodes;
    }
    let share = (u128::from(fraction.threshold()) * u128::from(nodes) + (1 << 63)) >> 64;
    u32::try_from(share).unwrap_or(nodes)
}

/// `count` nodes that are not in `except`, each set as likely: Floyd's algorithm, in memory of the size of the sample.
fn sample(nodes: u32, count: u32, except: &[u32], draws: Draws) -> Vec<NodeId> {
    let except = &except[..except.partition_point(|node| *node < nodes)];
    let free = nodes - u32::try_from(except.len()).unwrap_or(nodes).min(nodes);
    let mut ranks = BTreeSet::new();
    for (lane, top) in (0..).zip(free - count.min(free)..free) {
        let drawn = draws.below(lane, u64::from(top) + 1);
        let drawn = u32::try_from(drawn).unwrap_or(top);
        if !ranks.insert(drawn) {
            ranks.insert(top);
        }
    }
    // A rank counts the nodes that may be taken: step over the others.
    let mut skipped = 0;
    let mut left = except.iter().peekable();
    let node = |rank: u32| {
        while left.next_if(|taboo| **taboo <= rank + skipped).is_some() {
            skipped += 1;
        }
        NodeId(rank + skipped)
    };
    ranks.into_iter().map(node).collect()
}

/// What may be written for a set of nodes.
const FORMS: [&str; 7] = [
    "3",
    "[1, 4]",
    "0..=3",
    "All",
    "First(k)",
    "Random(count: 2, except: [0])",
    "Random(fraction: 0.05)",
];

impl<'r> Fields<'r> {
    /// A set of nodes; without a default it is required.
    pub fn nodes(
        &mut self,
        name: &'static str,
        default: Option<NodeSet>,
        doc: &'static str,
    ) -> NodeSet {
        let absent = default
            .as_ref()
            .map_or(Absent::Required, |set| Absent::Default(set.ron().line()));
        let node = self.take(Spec {
            name,
            kind: "nodes".to_owned(),
            absent,
            doc,
            options: &FORMS,
        });
        let set = self
            .node_set(name, node, doc)
            .or(default)
            .unwrap_or(NodeSet::One(0));
        self.record(name, set.ron());
        set
    }

    /// A list of sets of nodes, each with its place; required.
    pub fn node_sets(&mut self, name: &'static str, doc: &'static str) -> Vec<(Place, NodeSet)> {
        let node = self.take(Spec {
            name,
            kind: "list of nodes".to_owned(),
            absent: Absent::Required,
            doc,
            options: &FORMS,
        });
        let mut sets = Vec::new();
        for item in self.items(name, node) {
            let place = item.raw.map_or(self.opening, |raw| raw.place);
            sets.extend(self.node_set(name, item, doc).map(|set| (place, set)));
        }
        self.record(
            name,
            Ron::List(sets.iter().map(|(_, set)| set.ron()).collect()),
        );
        sets
    }

    /// One node that exists; without a default it is required.
    pub fn one_node(&mut self, name: &'static str, default: Option<u32>, doc: &'static str) -> u32 {
        let spec = Spec {
            name,
            kind: "node".to_owned(),
            absent: default.map_or(Absent::Required, |node| Absent::Default(node.to_string())),
            doc,
            options: &[],
        };
        let read = self.leaf_value(spec, |f, raw, opened| f.member(raw, opened, name, doc));
        let node = read.or(default).unwrap_or(0);
        self.record(name, Ron::Leaf(node.to_string()));
        node
    }

    fn node_set(&self, name: &'static str, node: Node<'r>, doc: &'static str) -> Option<NodeSet> {
        let raw = node.raw?;
        match raw.open() {
            Opened::Struct(..) | Opened::Tuple(..) => {
                let (set, _) = self.constructed(
                    name,
                    node,
                    &["All", "First", "Random"],
                    &mut read_constructor,
                )?;
                set
            }
            opened @ (Opened::Number | Opened::Text(_)) => {
                Some(NodeSet::One(self.member(raw, opened, name, doc)?))
            }
            Opened::List(items) => Some(NodeSet::List(self.members(items, name, doc))),
            Opened::Range => self.node_range(raw),
            other => {
                self.wrong_type(
                    raw,
                    name,
                    "a set of nodes",
                    other.describe(),
                    &FORMS.join(" · "),
                );
                None
            }
        }
    }

    /// The number of one node that exists.
    fn member(
        &self,
        raw: Raw<'r>,
        opened: Opened<'r>,
        name: &'static str,
        doc: &'static str,
    ) -> Option<u32> {
        let node = self.whole_value(raw, opened, name, doc, &(0..=u64::from(u32::MAX)))?;
        self.existing(raw, node)
    }

    fn existing(&self, raw: Raw<'_>, node: u64) -> Option<u32> {
        let nodes = self.cluster_size();
        if node < u64::from(nodes) {
            return u32::try_from(node).ok();
        }
        let label = format!("nodes are numbered 0 to {}", nodes - 1);
        self.cluster_problem(
            Problem::error(Code::S120, raw.place, format!("node {node} does not exist"))
                .label(label),
        );
        None
    }

    fn members(&self, items: Vec<Raw<'r>>, name: &'static str, doc: &'static str) -> Vec<u32> {
        let members: BTreeSet<u32> = items
            .into_iter()
            .filter_map(|raw| self.member(raw, raw.open(), name, doc))
            .collect();
        members.into_iter().collect()
    }

    fn node_range(&self, raw: Raw<'r>) -> Option<NodeSet> {
        let (first, rest) = raw.text.split_once("..")?;
        let (first, last) = (
            whole(first.trim()),
            rest.strip_prefix('=').unwrap_or(rest).trim(),
        );
        let (Some(first), Some(last)) = (first, whole(last)) else {
            let problem = Problem::error(Code::S105, raw.place, "a range of nodes has two ends");
            self.cx.report(
                problem
                    .label("from a node to a node")
                    .help("write it like `0..=3`", Vec::new()),
            );
            return None;
        };
        if !rest.starts_with('=') || last < first {
            let end = if rest.starts_with('=') {
                last
            } else {
                last.saturating_sub(1)
            };
            let (low, high) = (first.min(end), first.max(end));
            let problem = Problem::error(
                Code::S105,
                raw.place,
                "a range of nodes goes up, and includes both ends",
            );
            let edits = vec![(raw.place.range(), format!("{low}..={high}"))];
            self.cx.report(
                problem
                    .label("not like this")
                    .help("write it with `..=`", edits),
            );
            return None;
        }
        self.existing(raw, last)?;
        Some(NodeSet::Range(
            u32::try_from(first).ok()?,
            u32::try_from(last).ok()?,
        ))
    }

    /// How many nodes there are; as many as there can be while that is unknown.
    pub(super) fn cluster_size(&self) -> u32 {
        self.cx
            .cluster
            .borrow()
            .as_ref()
            .map_or(u32::MAX, |cluster| cluster.nodes)
    }

    /// Reports a problem with the number of nodes, and says where that comes from.
    pub(super) fn cluster_problem(&self, mut problem: Problem) {
        if let Some(cluster) = &*self.cx.cluster.borrow() {
            problem = problem.also(cluster.place, format!("{} nodes", cluster.nodes));
            let params = self.cx.params.borrow();
            for param in super::lexemes::names(&cluster.expression)
                .into_iter()
                .filter_map(|name| params.get(name))
            {
                if let Some(value) = &param.value {
                    let because = format!(
                        "because {} is {}",
                        shown(&param.name),
                        shown(&value.to_string())
                    );
                    problem = problem.also(param.place, because);
                }
            }
        }
        self.cx.report(problem);
    }
}

fn read_constructor(f: &mut Fields<'_>) -> Option<NodeSet> {
    let all = u64::from(f.cluster_size());
    match f.name() {
        "All" => Some(NodeSet::All),
        "First" => {
            f.positional();
            let count = f.integer("count", 0..=all, None, "how many");
            u32::try_from(count).ok().map(NodeSet::First)
        }
        _ => {
            let count = f.optional_integer("count", 0..=all, "how many");
            let fraction = f.optional_probability("fraction", "how many, as a share of all nodes");
            let node = f.take(Spec {
                name: "except",
                kind: "list of nodes".to_owned(),
                absent: Absent::Default("[]".to_owned()),
                doc: "never these",
                options: &[],
            });
            let items = f
                .items("except", node)
                .into_iter()
                .filter_map(|item| item.raw)
                .collect();
            let except = f.members(items, "except", "never these");
            let free = all - except.len() as u64;
            match (count, fraction) {
                (Some(count), None) if count > free => {
                    let title = format!("{count} nodes are not to be had: {free} are left");
                    let problem = Problem::error(Code::S120, f.place_of("count"), title);
                    f.cluster_problem(problem.label("too many"));
                    None
                }
                (Some(count), None) => Some(NodeSet::Count {
                    count: u32::try_from(count).ok()?,
                    except,
                }),
                (None, Some(fraction)) => Some(NodeSet::Fraction { fraction, except }),
                _ => {
                    let place = if count.is_some() {
                        f.place_of("fraction")
                    } else {
                        f.place_of("count")
                    };
                    let problem = Problem::error(
                        Code::S103,
                        place,
                        "`Random` needs either `count` or `fraction`",
                    );
                    f.report(problem.label("one of the two"));
                    None
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sim_core::kernel::random::{Key, Purpose};

    #[test]
    fn samples_are_ascending_distinct_and_spare_the_exceptions() {
        let key = Key::new(1, Purpose::Selection);
        let mut hits = [0_u32; 10];
        for run in 0..3000 {
            let set = NodeSet::Count {
                count: 4,
                except: vec![0, 5, 9],
            };
            let nodes: Vec<u32> = set
                .resolve(10, key.at(0, run))
                .into_iter()
                .map(|node| node.0)
                .collect();
            assert_eq!(nodes.len(), 4);
            assert!(nodes.windows(2).all(|pair| pair[0] < pair[1]), "{nodes:?}");
            for node in nodes {
                hits[node as usize] += 1;
            }
        }
        for (node, hits) in hits.into_iter().enumerate() {
            let expected = if [0, 5, 9].contains(&node) {
                0..=0
            } else {
                1550..=1880
            };
            assert!(expected.contains(&hits), "node {node}: {hits} of 3000");
        }
    }

    #[test]
    fn a_share_is_rounded_to_the_nearest_number() {
        let share = |text: &str, nodes| share(text.parse().unwrap(), nodes);
        assert_eq!(share("0.05", 10_000), 500);
        assert_eq!(share("0.5", 3), 2);
        assert_eq!(share("0.4999", 3), 1);
        assert_eq!(share("1", 10_000_000), 10_000_000);
        assert_eq!(share("0", 10), 0);
    }

    #[test]
    fn everybody_can_be_drawn() {
        let draws = Key::new(1, Purpose::Selection).at(0, 0);
        let set = NodeSet::Count {
            count: 10,
            except: vec![],
        };
        assert_eq!(set.resolve(10, draws), NodeSet::All.resolve(10, draws));
    }
}
