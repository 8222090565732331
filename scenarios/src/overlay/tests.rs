//! What the shapes are: published tables, structure, and digests of every generated graph.

use petgraph::algo::dijkstra;
use petgraph::graph::NodeIndex;
use sim_core::kernel::canonical::Fold;

use super::*;

fn probability(text: &str) -> Probability {
    Probability::parse(text).unwrap()
}

fn made(shape: &Shape, nodes: u32, seed: u64) -> Overlay {
    build(shape, nodes, seed).unwrap_or_else(|why| panic!("{shape} of {nodes}: {why}"))
}

fn facts(shape: &Shape, nodes: u32) -> Facts {
    measure(&made(shape, nodes, 0))
}

fn refused(shape: &Shape, nodes: u32) -> String {
    match build(shape, nodes, 0) {
        Ok(overlay) => panic!("{shape} of {nodes}: {}", measure(&overlay)),
        Err(why) => why.to_string(),
    }
}

/// As in every textbook: links, diameter, and the mean distance as a ratio.
#[track_caller]
fn assert_exact(shape: &Shape, nodes: u32, links: u32, diameter: u32, (num, den): (u64, u64)) {
    let facts = facts(shape, nodes);
    let distances = facts.distances.expect("connected and small");
    assert_eq!(
        (facts.links, distances.diameter),
        (u64::from(links), diameter),
        "{shape} of {nodes}"
    );
    assert_eq!(distances.pairs, u64::from(nodes) * u64::from(nodes - 1) / 2);
    assert_eq!(
        distances.sum * den,
        num * distances.pairs,
        "{shape} of {nodes}: the mean is not {num}/{den}"
    );
}

/// The table of graphs that textbooks have: links, diameter, mean distance, cost of flooding.
#[test]
fn links_and_distances_are_those_of_the_table() {
    for n in [3_u32, 4, 5, 10, 33, 100] {
        let wide = u64::from(n);
        let star = Shape::Star {
            centre: NodeId(n / 2),
        };
        assert_exact(&star, n, n - 1, 2, (2 * wide - 2, wide));
        for shape in [Shape::Complete, Shape::Bus] {
            assert_exact(&shape, n, n * (n - 1) / 2, 1, (1, 1));
        }
        assert_exact(&Shape::Line, n, n - 1, n - 1, (wide + 1, 3));
        let mean = if n % 2 == 0 {
            (wide * wide, 4 * (wide - 1))
        } else {
            (wide + 1, 4)
        };
        assert_exact(&Shape::Ring, n, n, n / 2, mean);
    }
    for k in [2_u32, 3, 4, 7, 10] {
        let mean = (2 * u64::from(k), 3);
        assert_exact(&Shape::Grid, k * k, 2 * k * (k - 1), 2 * (k - 1), mean);
    }
    for bits in 1..=8 {
        let n = 1_u32 << bits;
        let wide = u64::from(n);
        let mean = (wide * u64::from(bits), 2 * (wide - 1));
        assert_exact(&Shape::Hypercube, n, n * bits / 2, bits, mean);
    }
}

/// In a tree each link is on the way of as many pairs as it parts: the sum of distances is Σ s(N-s) over its links.
#[test]
fn distances_in_a_tree_are_those_of_the_table() {
    for arity in [1, 2, 3] {
        for n in 1..=64 {
            let mut below = vec![1_u64; n as usize];
            for node in (1..n as usize).rev() {
                below[(node - 1) / arity as usize] += below[node];
            }
            let parted = |s: &u64| s * (u64::from(n) - s);
            let facts = facts(&Shape::Tree { arity }, n);
            let distances = facts.distances.unwrap();
            assert_eq!(facts.links, u64::from(n - 1));
            assert_eq!(distances.sum, below[1..].iter().map(parted).sum::<u64>());
            if arity == 2 {
                assert!(distances.diameter <= 2 * n.ilog2(), "{n}");
                if (n + 1).is_power_of_two() {
                    assert_eq!(distances.diameter, 2 * n.ilog2(), "{n}");
                }
            }
        }
    }
    // ~ 2 log2 N - O(1): what is taken off tends to 6.
    let distances = facts(&Shape::Tree { arity: 2 }, 4095).distances.unwrap();
    let mean = distances.sum as f64 / distances.pairs as f64;
    assert!((mean - (24.0 - 6.0)).abs() < 0.05, "{mean}");
}

#[test]
fn a_grid_is_as_square_as_it_goes() {
    let columns = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 15, 16, 17].map(plain::columns);
    assert_eq!(columns, [1, 2, 2, 2, 3, 3, 3, 3, 3, 4, 4, 4, 4, 5]);
    // Three columns: 0 1 2 / 3 4 5 / 6 7.
    let edges: Vec<_> = made(&Shape::Grid, 8, 0)
        .edges()
        .map(|(a, b)| (a.0, b.0))
        .collect();
    assert_eq!(
        edges,
        [
            (0, 1),
            (0, 3),
            (1, 2),
            (1, 4),
            (2, 5),
            (3, 4),
            (3, 6),
            (4, 5),
            (4, 7),
            (6, 7)
        ]
    );
}

#[test]
fn one_node_is_an_overlay_where_the_shape_allows_it() {
    let shapes = [
        Shape::Complete,
        Shape::Star { centre: NodeId(0) },
        Shape::Line,
        Shape::Tree { arity: 2 },
        Shape::Grid,
        Shape::Hypercube,
        Shape::Bus,
        Shape::ErdosRenyi {
            p: probability("0.5"),
        },
        Shape::File("0".to_owned()),
    ];
    for shape in shapes {
        assert_eq!(facts(&shape, 1).to_string(), "0 links, degree 0", "{shape}");
        assert_eq!(refused(&shape, 0), "an overlay has at least one node");
    }
}

#[test]
fn what_cannot_be_is_refused_with_what_would_do() {
    let regular = |degree| Shape::RandomRegular { degree };
    let small_world = |k| Shape::SmallWorld {
        k,
        p: Probability::NEVER,
    };
    for (shape, nodes, expected) in [
        (
            Shape::Hypercube,
            10,
            "a hypercube has 2^k nodes, not 10: 8 or 16",
        ),
        (
            Shape::Hypercube,
            u32::MAX,
            "a hypercube has 2^k nodes, not 4294967295: 2147483648 or 4294967296",
        ),
        (
            Shape::Hypercube,
            1 << 31,
            "about 33285996544 links are more than the 100000000 that fit: fewer nodes, fewer links each, or the complete \
             graph, which takes no memory",
        ),
        (
            Shape::Line,
            100_000_002,
            "about 100000001 links are more than the 100000000 that fit: fewer nodes, fewer links each, or the complete \
             graph, which takes no memory",
        ),
        (
            Shape::Tree { arity: 0 },
            8,
            "a tree of arity 0 has no branches: 1 (a line), 2 (binary) or more",
        ),
        (
            Shape::Ring,
            2,
            "a ring has at least 3 nodes, not 2: a line would do",
        ),
        (
            Shape::Star { centre: NodeId(10) },
            10,
            "the centre n10 is none of the nodes n0 to n9",
        ),
        (
            regular(3),
            5,
            "a 3-regular graph of 5 nodes does not exist: degree × nodes must be even, as with 6 nodes",
        ),
        (
            regular(5),
            5,
            "5 neighbours a node need at least 6 nodes, not 5",
        ),
        (
            regular(0),
            5,
            "in a graph of degree 0 nobody has a neighbour: 1 or more",
        ),
        (
            small_world(3),
            9,
            "a small world starts with k/2 neighbours on either side: k is even, not 3, as is 4",
        ),
        (
            small_world(0),
            9,
            "in a small world with k = 0 nobody has a neighbour: 2 or more",
        ),
        (
            small_world(4),
            4,
            "4 neighbours a node need at least 5 nodes, not 4",
        ),
        (
            Shape::ScaleFree { m: 0 },
            9,
            "with m = 0 a new node brings no link: 1 or more",
        ),
        (
            Shape::ScaleFree { m: 9 },
            9,
            "9 neighbours a node need at least 10 nodes, not 9",
        ),
        (
            Shape::ErdosRenyi {
                p: probability("0.5"),
            },
            1_000_000,
            "about 249999750000 links are more than the 100000000 that fit: fewer nodes, fewer links each, or the complete \
             graph, which takes no memory",
        ),
    ] {
        assert_eq!(refused(&shape, nodes), expected);
    }
}

#[test]
fn facts_read_well() {
    let said = |shape, nodes| facts(&shape, nodes).to_string();
    assert_eq!(
        said(Shape::Ring, 10),
        "10 links, degree 2, diameter 5, mean distance 2.78"
    );
    assert_eq!(
        said(Shape::Line, 2),
        "1 link, degree 1, diameter 1, mean distance 1.00"
    );
    assert_eq!(
        said(Shape::File("0 1\n2 3\n4".to_owned()), 5),
        "2 links, degree 0 to 1, in 3 pieces"
    );
    assert_eq!(
        said(Shape::Complete, 1_000_000),
        "499999500000 links, degree 999999, diameter 1, mean distance 1.00"
    );
    assert_eq!(said(Shape::Ring, 100_000), "100000 links, degree 2");
}

/// The search from every node against petgraph's.
#[test]
fn distances_agree_with_petgraph() {
    let shape = Shape::SmallWorld {
        k: 4,
        p: probability("0.2"),
    };
    let overlay = made(&shape, 60, 5);
    let web = to_petgraph(&overlay);
    let (mut sum, mut diameter) = (0, 0);
    for start in 0..60 {
        for distance in dijkstra(&web, NodeIndex::new(start), None, |_| 1_u32).into_values() {
            sum += u64::from(distance);
            diameter = diameter.max(distance);
        }
    }
    let distances = measure(&overlay).distances.unwrap();
    assert_eq!((distances.sum * 2, distances.diameter), (sum, diameter));
}

fn degrees(overlay: &Overlay) -> impl Iterator<Item = u32> + '_ {
    (0..overlay.nodes()).map(|node| overlay.degree(NodeId(node)))
}

/// Every degree that can be, dense ones too; in one piece from degree 3 on.
#[test]
fn regular_graphs_are_regular() {
    for nodes in 2..=13_u32 {
        for degree in (1..nodes).filter(|degree| degree * nodes % 2 == 0) {
            for seed in 0..20 {
                let overlay = made(&Shape::RandomRegular { degree }, nodes, seed);
                assert!(
                    degrees(&overlay).all(|found| found == degree),
                    "{degree} of {nodes}"
                );
                assert!(
                    degree < 3 || components(&overlay) == 1,
                    "{degree} of {nodes}"
                );
            }
        }
    }
    let large = made(&Shape::RandomRegular { degree: 4 }, 10_000, 1);
    assert!(degrees(&large).all(|degree| degree == 4));
}

/// Triangles tell a biased draw: in the limit their mean is (d-1)³/6; at 50 nodes of degree 3 it is 1.387 (every pairing
/// drawn anew until it is simple, 3,000 times), with a standard deviation of 1.15. At 6 nodes one graph in seven has
/// none (K₃,₃, 10 of the 70).
#[test]
fn regular_graphs_are_equally_likely() {
    let triangles = |nodes, seed| {
        let overlay = made(&Shape::RandomRegular { degree: 3 }, nodes, seed);
        let third = |(a, b)| {
            let closes = |c: &NodeId| *c > b && overlay.place(b, *c).is_some();
            overlay.neighbours(a).filter(closes).count()
        };
        overlay.edges().map(third).sum::<usize>()
    };
    let without = (0..2000).filter(|seed| triangles(6, *seed) == 0).count();
    assert!(without.abs_diff(286) < 63, "{without} of 2000");
    let total: usize = (0..2000).map(|seed| triangles(50, seed)).sum();
    assert!(total.abs_diff(2774) < 250, "{total} in 2000 graphs");
}

/// Within 4 standard deviations, over the seeds and for each pair.
#[test]
fn erdos_renyi_links_each_pair_with_its_probability() {
    for (nodes, text, p) in [
        (200, "0.05", 0.05),
        (60, "0.9", 0.9),
        (100_000, "0.0000002", 2e-7),
    ] {
        let seeds = if nodes > 1000 { 10 } else { 100 };
        let shape = Shape::ErdosRenyi {
            p: probability(text),
        };
        let links: usize = (0..seeds)
            .map(|seed| made(&shape, nodes, seed).edges().count())
            .sum();
        let pairs = f64::from(nodes) * f64::from(nodes - 1) / 2.0 * seeds as f64;
        let sigma = (pairs * p * (1.0 - p)).sqrt();
        let off = (links as f64 - pairs * p) / sigma;
        assert!(off.abs() < 4.0, "G({nodes}, {text}): {off} sigma");
    }
    let shape = Shape::ErdosRenyi {
        p: probability("0.3"),
    };
    let mut linked = [[0_u32; 6]; 6];
    for seed in 0..2000 {
        for (a, b) in made(&shape, 6, seed).edges() {
            linked[a.index()][b.index()] += 1;
        }
    }
    for (a, row) in linked.iter().enumerate() {
        for count in &row[a + 1..] {
            // 600 ± 4 · 20.5
            assert!(count.abs_diff(600) < 82, "{a}: {row:?}");
        }
    }
    let certain = |p| made(&Shape::ErdosRenyi { p }, 7, 3).edges().count();
    assert_eq!(
        (certain(Probability::NEVER), certain(Probability::ALWAYS)),
        (0, 21)
    );
}

/// A seed's graphs of the growing models are contained in one another.
#[test]
fn a_larger_graph_contains_the_smaller_one() {
    for shape in [
        Shape::ErdosRenyi {
            p: probability("0.2"),
        },
        Shape::ScaleFree { m: 2 },
    ] {
        let (small, large) = (made(&shape, 40, 9), made(&shape, 50, 9));
        let within = large.edges().filter(|(_, high)| high.0 < 40);
        assert!(small.edges().eq(within), "{shape}");
    }
}

/// Watts and Strogatz: kN/2 links, and nobody loses the k/2 that are its own to move. At p = 0 it is the lattice.
#[test]
fn a_small_world_keeps_its_links() {
    for (k, p) in [(2, "1"), (4, "0.1"), (6, "0.5"), (8, "1"), (98, "1")] {
        for seed in 0..10 {
            let shape = Shape::SmallWorld {
                k,
                p: probability(p),
            };
            let overlay = made(&shape, 100, seed);
            assert_eq!(degrees(&overlay).sum::<u32>(), 100 * k, "{shape}");
            assert!(degrees(&overlay).all(|degree| degree >= k / 2), "{shape}");
        }
    }
    let lattice = Shape::SmallWorld {
        k: 4,
        p: Probability::NEVER,
    };
    let overlay = made(&lattice, 10, 0);
    let expected = Overlay::from_edges(
        10,
        (0..10).flat_map(|i| [1, 2].map(|j| (NodeId(i), NodeId((i + j) % 10)))),
    );
    assert_eq!(overlay, expected);
    // A tenth of the links moved: 1998, figure 2: distances fall at once.
    let far = |p| {
        let shape = Shape::SmallWorld {
            k: 10,
            p: probability(p),
        };
        let distances = measure(&made(&shape, 1000, 1)).distances.unwrap();
        distances.sum as f64 / distances.pairs as f64
    };
    let (before, after) = (far("0"), far("0.1"));
    assert!(after / before < 0.1, "{after} of {before}");
}

/// Figure 1 moves p kN/2 links. Of those that are left in the lattice, the count says p.
#[test]
fn a_small_world_moves_its_share_of_links() {
    let shape = Shape::SmallWorld {
        k: 6,
        p: probability("0.25"),
    };
    let mut moved = 0_u32;
    for seed in 0..20 {
        for (a, b) in made(&shape, 1000, seed).edges() {
            let apart = (b.0 - a.0).min(1000 - (b.0 - a.0));
            moved += u32::from(apart > 3);
        }
    }
    // 15,000, less the few that land within the lattice (under 1 in 100); sigma is 106.
    assert!((14_400..=15_430).contains(&moved), "{moved}");
}

/// Barabási and Albert: m(N-m) links, in one piece, every newcomer with m of its own; and the old are the rich.
#[test]
fn a_scale_free_graph_has_its_links_and_hubs() {
    for m in [1, 2, 5] {
        let overlay = made(&Shape::ScaleFree { m }, 2000, 4);
        let facts = measure(&overlay);
        assert_eq!(
            (facts.links, facts.components),
            (u64::from(m * (2000 - m)), 1)
        );
        assert!(
            degrees(&overlay)
                .skip(m as usize + 1)
                .all(|degree| degree >= m)
        );
        // In a graph of these degrees without preference, nobody would have a tenth of this.
        assert!(facts.degree_max > 40, "{facts}");
    }
    // The share of nodes with degree k tends to 2m(m+1)/(k(k+1)(k+2)) (Bollobás et al. 2001): for m = 2, half have 2.
    let overlay = made(&Shape::ScaleFree { m: 2 }, 20_000, 1);
    let least = degrees(&overlay).filter(|degree| *degree == 2).count();
    assert!((9_700..=10_300).contains(&least), "{least}");
    assert_eq!(
        made(&Shape::ScaleFree { m: 4 }, 5, 0),
        made(&Shape::Star { centre: NodeId(0) }, 5, 0)
    );
}

#[test]
fn edge_lists_are_read() {
    let text = "# a triangle and a tail\n0 1\n 1\t2 # here too\n\n2 0\n0 2\n3 2\r\n4\n";
    let overlay = made(&Shape::File(text.to_owned()), 5, 0);
    let edges: Vec<_> = overlay.edges().map(|(a, b)| (a.0, b.0)).collect();
    assert_eq!(edges, [(0, 1), (0, 2), (1, 2), (2, 3)]);
    for (text, expected) in [
        (
            "0 1\n1 x",
            "line 2: `x` is no number, expected a node from 0 to 2",
        ),
        (
            "0 -1",
            "line 1: `-1` is no number, expected a node from 0 to 2",
        ),
        (
            "\n0 3",
            "line 2: `3` is too high, expected a node from 0 to 2: there are 3 nodes",
        ),
        (
            "0 99999999999",
            "line 1: `99999999999` is too high, expected a node from 0 to 2: there are 3 nodes",
        ),
        (
            "0 1 7.5",
            "line 1: `7.5` after two nodes, expected a link and no more, as in `0 1`",
        ),
        (
            "0 1\n1 1",
            "line 2: a link from 1 to itself, expected two different nodes",
        ),
        (
            "0 \u{1b}[2J",
            "line 1: `?[2J` is no number, expected a node from 0 to 2",
        ),
        (
            "0 1",
            "there are 3 nodes, 0 to 2, but no line names 2: a line with `2` alone gives it no link",
        ),
        (
            "",
            "there are 3 nodes, 0 to 2, but no line names 0: a line with `0` alone gives it no link",
        ),
    ] {
        assert_eq!(
            refused(&Shape::File(text.to_owned()), 3),
            expected,
            "{text:?}"
        );
    }
}

/// A document with these nodes and edges.
fn graphml(inside: &str) -> Shape {
    Shape::File(format!(
        "<?xml version=\"1.0\"?>\n<graphml xmlns=\"http://graphml.graphdrawing.org/xmlns\">\n<key id=\"d0\" for=\"node\"/>\n\
         <graph edgedefault=\"undirected\">\n{inside}\n</graph>\n</graphml>\n"
    ))
}

#[test]
fn graphml_is_read() {
    let edges = |inside| -> Vec<(u32, u32)> {
        let overlay = made(&graphml(inside), 3, 0);
        overlay.edges().map(|(a, b)| (a.0, b.0)).collect()
    };
    let by_number = "<node id=\"n2\"/><node id=\"n0\"/><node id=\"n1\"><data key=\"d0\">x</data></node>\n\
                     <edge source=\"n2\" target=\"n1\"/><edge source=\"n1\" target=\"n2\"/>";
    assert_eq!(edges(by_number), [(1, 2)]);
    let in_order =
        "<edge source=\"b\" target=\"a\"/><node id=\"c\"/><node id=\"a\"/><node id=\"b\"/>";
    assert_eq!(edges(in_order), [(1, 2)]);
    let three = "<node id=\"0\"/><node id=\"1\"/><node id=\"2\"/>\n";
    for (inside, expected) in [
        ("<node id=\"0\"/>".to_owned(), "it has 1 node, expected 3"),
        (
            format!("{three}<node id=\"1\"/>"),
            "line 6: the node `1` for the second time",
        ),
        (
            format!("{three}<edge source=\"0\"/>"),
            "line 6: `<edge>` without `target`",
        ),
        (
            format!("{three}<edge source=\"0\" target=\"n1\"/>"),
            "line 6: target `n1`, expected the id of a `<node>`",
        ),
        (
            format!("{three}<edge source=\"0\" target=\"0\"/>"),
            "line 6: a link from `0` to itself, expected two different nodes",
        ),
        (
            format!("{three}<hyperedge/>"),
            "line 6: a `<hyperedge>`, expected links of two nodes: `<edge>`",
        ),
        (
            format!("{three}<graph/>"),
            "line 6: a second `<graph>`, expected one",
        ),
        (
            format!("{three}<edge"),
            "line 7: no well-formed XML: invalid name token",
        ),
    ] {
        assert_eq!(refused(&graphml(&inside), 3), expected);
    }
    for (text, expected) in [
        ("<graphml/>", "line 1: no `<graph>` in it, expected one"),
        ("\n<gexf/>", "line 2: `<gexf>`, expected `<graphml>`"),
        (
            "<!DOCTYPE x []><x/>",
            "line 1: no well-formed XML: XML with DTD detected",
        ),
    ] {
        assert_eq!(refused(&Shape::File(text.to_owned()), 3), expected);
    }
    let deep = format!("{}{}", "<a>".repeat(200_000), "</a>".repeat(200_000));
    assert_eq!(
        refused(&Shape::File(deep), 3),
        "line 1: `<a>`, expected `<graphml>`"
    );
}

/// The edges, in order, in 64 bits.
fn digest(overlay: &Overlay) -> u64 {
    let mut fold = Fold::default();
    fold.word(u64::from(overlay.nodes()));
    for (a, b) in overlay.edges() {
        fold.word(u64::from(a.0) << 32 | u64::from(b.0));
    }
    fold.digest()
}

/// Every shape in two or three sizes, the random ones under two seeds.
fn catalogue() -> Vec<(Shape, u32, u64)> {
    let p = probability;
    let list = "0 1\n1 2\n2 0\n3 1\n".to_owned();
    let plain = [
        (Shape::Complete, [2, 5, 10]),
        (Shape::Star { centre: NodeId(1) }, [2, 5, 10]),
        (Shape::Ring, [3, 10, 101]),
        (Shape::Line, [2, 10, 101]),
        (Shape::Tree { arity: 2 }, [2, 10, 101]),
        (Shape::Tree { arity: 5 }, [2, 10, 101]),
        (Shape::Grid, [2, 10, 100]),
        (Shape::Hypercube, [2, 16, 128]),
        (Shape::Bus, [2, 5, 10]),
        (Shape::File(list), [4, 4, 4]),
    ];
    let random = [
        (Shape::RandomRegular { degree: 2 }, [4, 10, 100]),
        (Shape::RandomRegular { degree: 3 }, [4, 10, 1000]),
        (Shape::RandomRegular { degree: 8 }, [10, 50, 1000]),
        (Shape::ErdosRenyi { p: p("0.5") }, [4, 10, 100]),
        (Shape::ErdosRenyi { p: p("0.01") }, [10, 100, 1000]),
        (
            Shape::ErdosRenyi { p: p("0.0000001") },
            [100, 10_000, 30_000],
        ),
        (Shape::SmallWorld { k: 2, p: p("0.5") }, [4, 10, 100]),
        (Shape::SmallWorld { k: 6, p: p("0.1") }, [10, 100, 1000]),
        (Shape::SmallWorld { k: 8, p: p("1") }, [10, 100, 1000]),
        (Shape::ScaleFree { m: 1 }, [2, 10, 100]),
        (Shape::ScaleFree { m: 3 }, [10, 100, 1000]),
    ];
    let plain = plain.into_iter().map(|(shape, sizes)| (shape, sizes, 1));
    let random = random.into_iter().map(|(shape, sizes)| (shape, sizes, 2));
    let mut all = Vec::new();
    for (shape, mut sizes, seeds) in plain.chain(random) {
        sizes.sort();
        let mut sizes = sizes.to_vec();
        sizes.dedup();
        for size in sizes {
            for seed in 1..=seeds {
                all.push((shape.clone(), size, seed));
            }
        }
    }
    all
}

/// A change of one of these is a change of the model: raise its version.
#[test]
fn generated_overlays_are_the_golden_ones() {
    let mut table = String::new();
    for (shape, nodes, seed) in catalogue() {
        let overlay = made(&shape, nodes, seed);
        let (links, digest) = (overlay.edges().count(), digest(&overlay));
        let of_seed = if shape.is_random() {
            format!(" seed {seed}")
        } else {
            String::new()
        };
        table += &format!("{shape}, {nodes} nodes{of_seed}: links {links}, digest {digest:016x}\n");
    }
    let golden = include_str!("golden.txt");
    for (found, golden) in table.lines().zip(golden.lines()) {
        assert_eq!(found, golden);
    }
    assert!(table == golden, "the whole table:\n{table}");
}
