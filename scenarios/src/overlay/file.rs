//! Overlays from files: edge lists and GraphML.

use std::collections::BTreeMap;

use roxmltree::{Document, Node};
use sim_core::kernel::id::NodeId;
use sim_core::kernel::overlay::Overlay;

use super::{Impossible, within_bounds};

/// Reads GraphML if the text begins with `<`, else an edge list.
pub(super) fn read(text: &str, nodes: u32) -> Result<Overlay, Impossible> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    if text.trim_start().starts_with('<') {
        read_graphml(text, nodes)
    } else {
        read_edge_list(text, nodes)
    }
}

fn at(line: u32, problem: impl Into<String>) -> Impossible {
    Impossible::File {
        line: Some(line),
        problem: problem.into(),
    }
}

fn of_the_whole(problem: impl Into<String>) -> Impossible {
    Impossible::File {
        line: None,
        problem: problem.into(),
    }
}

fn loop_at(line: u32, node: &str) -> Impossible {
    at(
        line,
        format!("a link from {node} to itself, expected two different nodes"),
    )
}

fn read_edge_list(text: &str, nodes: u32) -> Result<Overlay, Impossible> {
    let mut edges = Vec::new();
    let mut named = vec![false; nodes as usize];
    for (line, content) in (1..).zip(text.lines()) {
        let content = content.split('#').next().unwrap_or_default();
        let mut node = |word: &str| -> Result<NodeId, Impossible> {
            let node = edge_list_node(word, nodes).map_err(|problem| at(line, problem))?;
            named[node.index()] = true;
            Ok(node)
        };
        let words: Vec<&str> = content.split_whitespace().collect();
        match words[..] {
            [] => (),
            [alone] => {
                node(alone)?;
            }
            [a, b] => {
                let (from, to) = (node(a)?, node(b)?);
                if from == to {
                    return Err(loop_at(line, a));
                }
                edges.push((from, to));
            }
            [_, _, third, ..] => {
                let shown = shown(third);
                let problem =
                    format!("`{shown}` after two nodes, expected a link and no more, as in `0 1`");
                return Err(at(line, problem));
            }
        }
    }
    if let Some(missing) = named.iter().position(|named| !named) {
        let problem = format!(
            "there are {nodes} nodes, 0 to {}, but no line names {missing}: a line with `{missing}` alone gives it no link",
            nodes - 1
        );
        return Err(of_the_whole(problem));
    }
    within_bounds(edges.len() as u64)?;
    Ok(Overlay::from_edges(nodes, edges))
}

fn edge_list_node(word: &str, nodes: u32) -> Result<NodeId, String> {
    let expected = format!("expected a node from 0 to {}", nodes - 1);
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    match word.parse::<u32>() {
        Ok(node) if digits && node < nodes => Ok(NodeId(node)),
        _ if digits => Err(format!(
            "`{}` is too high, {expected}: there are {nodes} nodes",
            shown(word)
        )),
        _ => Err(format!("`{}` is no number, {expected}", shown(word))),
    }
}

/// What the file says, cut so that a message stays one line, with nothing that a terminal obeys.
fn shown(word: &str) -> String {
    const LENGTH_MAX: usize = 60;
    let tame = |c: char| if c.is_control() { '?' } else { c };
    let mut cut: String = word.chars().take(LENGTH_MAX).map(tame).collect();
    if word.chars().nth(LENGTH_MAX).is_some() {
        cut.push('…');
    }
    cut
}

/// `roxmltree` reads it: a few thousand lines over `memchr`, with positions, without recursion, and it refuses the
/// document types by which a small file can grow large.
fn read_graphml(text: &str, nodes: u32) -> Result<Overlay, Impossible> {
    let document = Document::parse(text).map_err(|error| {
        let said = error.to_string();
        let place = format!(" at {}", error.pos());
        let said = said.strip_suffix(&place).unwrap_or(&said);
        at(
            error.pos().row,
            format!("no well-formed XML: {}", shown(said)),
        )
    })?;
    let line = |node: Node| document.text_pos_at(node.range().start).row;
    let root = document.root_element();
    if root.tag_name().name() != "graphml" {
        let problem = format!(
            "`<{}>`, expected `<graphml>`",
            shown(root.tag_name().name())
        );
        return Err(at(line(root), problem));
    }
    let mut graphs = root
        .descendants()
        .filter(|node| node.tag_name().name() == "graph");
    let graph = graphs
        .next()
        .ok_or_else(|| at(line(root), "no `<graph>` in it, expected one"))?;
    if let Some(second) = graphs.next() {
        return Err(at(line(second), "a second `<graph>`, expected one"));
    }

    let mut places: BTreeMap<&str, u32> = BTreeMap::new();
    let mut count = 0;
    for node in children(graph, "node") {
        let name = attribute(node, "id").map_err(|problem| at(line(node), problem))?;
        if places.insert(name, count).is_some() {
            let problem = format!("the node `{}` for the second time", shown(name));
            return Err(at(line(node), problem));
        }
        count += 1;
    }
    if count != nodes {
        let s = if count == 1 { "" } else { "s" };
        let problem = format!("it has {count} node{s}, expected {nodes}");
        return Err(of_the_whole(problem));
    }
    number_by_name(&mut places, nodes);

    if let Some(hyper) = children(graph, "hyperedge").next() {
        let problem = "a `<hyperedge>`, expected links of two nodes: `<edge>`";
        return Err(at(line(hyper), problem));
    }
    let mut edges = Vec::new();
    for edge in children(graph, "edge") {
        let end = |attribute_name| -> Result<(NodeId, &str), Impossible> {
            let name =
                attribute(edge, attribute_name).map_err(|problem| at(line(edge), problem))?;
            let place = places.get(name).ok_or_else(|| {
                let problem = format!(
                    "{attribute_name} `{}`, expected the id of a `<node>`",
                    shown(name)
                );
                at(line(edge), problem)
            })?;
            Ok((NodeId(*place), name))
        };
        let ((from, name), (to, _)) = (end("source")?, end("target")?);
        if from == to {
            return Err(loop_at(line(edge), &format!("`{}`", shown(name))));
        }
        edges.push((from, to));
    }
    within_bounds(edges.len() as u64)?;
    Ok(Overlay::from_edges(nodes, edges))
}

fn children<'a, 'input>(
    graph: Node<'a, 'input>,
    name: &'static str,
) -> impl Iterator<Item = Node<'a, 'input>> {
    graph
        .children()
        .filter(move |child| child.tag_name().name() == name)
}

fn attribute<'a>(node: Node<'a, '_>, name: &str) -> Result<&'a str, String> {
    node.attribute(name)
        .ok_or_else(|| format!("`<{}>` without `{name}`", node.tag_name().name()))
}

/// If the names are those of the nodes `0..nodes`, perhaps with an `n` before each, they say the order.
fn number_by_name(places: &mut BTreeMap<&str, u32>, nodes: u32) {
    for prefix in ["", "n"] {
        let number = |name: &str| -> Option<u32> {
            let digits = name.strip_prefix(prefix)?;
            let number: u32 = digits.parse().ok()?;
            // One spelling a number: no `+1`, no `01`.
            (number < nodes && number.to_string() == digits).then_some(number)
        };
        if places.keys().all(|name| number(name).is_some()) {
            for (name, place) in places.iter_mut() {
                *place = number(name).expect("all are numbers");
            }
            return;
        }
    }
}
