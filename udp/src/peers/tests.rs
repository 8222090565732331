use proptest::prelude::*;

use super::*;

const KEYS: [&str; 2] = [
    "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a",
    "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f",
];

fn parse(text: &str) -> Result<Peers, PeersError> {
    Peers::parse(text, Path::new("peers.ron"))
}

fn said(text: &str) -> String {
    let said = parse(text).unwrap_err().to_string();
    assert!(
        said.len() < 600 && !said.contains(char::is_control),
        "{said}"
    );
    said
}

#[test]
fn reads_what_it_writes() {
    let text = format!(
        "(
    cluster: \"demo\",
    multicast: \"239.77.1.1:4100\",
    peers: [
        (id: 0, address: \"10.0.0.1:4000\", key: \"{}\"),
        (id: 1, address: \"10.0.0.2:4000\", key: \"{}\"),
    ],
)
",
        KEYS[0], KEYS[1]
    );
    let peers = parse(&text).unwrap();
    assert_eq!(peers.to_string(), text);
    assert_eq!(peers.cluster(), "demo");
    assert_eq!(peers.multicast(), Some("239.77.1.1:4100".parse().unwrap()));
    let key = |at: u32| (NodeId(at), KEYS[at as usize].parse().unwrap());
    assert_eq!(peers.keys(), Some(vec![key(0), key(1)]));

    let six = "(cluster: \"a/b-c_d.e f\", multicast: Some(\"[ff15::1]:1\"), peers: [
        (id: 1, address: \"[fd00::2]:4000\"), (id: 0, address: \"[fd00::1]:4000\"), // in any order
    ])";
    let six = parse(six).unwrap();
    assert_eq!(six.peers()[1].address.to_string(), "[fd00::2]:4000");
    assert_eq!(six.keys(), None);
    assert_eq!(parse(&six.to_string()), Ok(six));
}

#[test]
fn keygen_has_something_to_write() {
    let keys = [0, 1].map(|at| (NodeId(at), KEYS[at as usize].parse().ok()));
    let peers = Peers::local("demo", 41000, &keys).unwrap();
    assert_eq!(peers.peers()[1].address.to_string(), "127.0.0.1:41001");
    assert_eq!(parse(&peers.to_string()), Ok(peers));
    let full = Peers::local("demo", 65535, &keys).unwrap_err();
    assert_eq!(
        full.to_string(),
        "peers[1].address: there is no port left for it"
    );
}

/// A mistake of writing has a place; ours to check is that it comes through, not what the parser calls it.
#[test]
fn mistakes_of_writing_have_a_place() {
    for (text, place) in [
        ("", "peers.ron:1:1: "),
        (
            "(\n    cluster: \"demo\",\n    peers: [\n",
            "peers.ron:3:13: ",
        ),
        ("(\n    cluster: \"demo\n)\n", "peers.ron:"),
        ("(cluster: 7, peers: [])", "peers.ron:1:"),
        ("(cluster: \"demo\", peers: [], color: 7)", "peers.ron:1:"),
        ("(cluster: \"demo\")", "peers.ron:1:"),
        (
            "(cluster: \"a\", cluster: \"b\", peers: [])",
            "peers.ron:1:",
        ),
        (
            "(cluster: \"d\", peers: [(id: -1, address: \"\")])",
            "peers.ron:1:",
        ),
        (
            "(cluster: \"d\", peers: [(id: 4294967296, address: \"\")])",
            "peers.ron:1:",
        ),
        ("(cluster: \"d\", peers: [(id: 0)])", "peers.ron:1:"),
        ("(cluster: \"d\", peers: []) 8", "peers.ron:1:"),
    ] {
        let said = said(text);
        assert!(said.starts_with(place), "{text}: {said}");
    }
    let long = format!("(cluster: \"demo\", {}\u{1b}: 8)", "x".repeat(5000));
    said(&long);
    said(&"[".repeat(200_000));
}

#[test]
fn mistakes_of_meaning_name_the_field() {
    let of = |peers: &str| said(&format!("(cluster: \"demo\", peers: [{peers}])"));
    let two = |first: &str, second: &str| {
        of(&format!(
            "(id: 0, address: \"{first}\"), (id: 1, address: \"{second}\")"
        ))
    };
    let keys = |first: &str, second: &str| {
        of(&format!(
            "(id: 0, address: \"1.1.1.1:1\" {first}), (id: 1, address: \"1.1.1.2:1\" {second})"
        ))
    };
    let key = |key: &str| format!(", key: \"{key}\"");
    let group = |group: &str| {
        said(&format!(
            "(cluster: \"demo\", multicast: \"{group}\", peers: [(id: 0, address: \"1.1.1.1:1\")])"
        ))
    };
    let name = |name: &str| {
        said(&format!(
            "(cluster: \"{name}\", peers: [(id: 0, address: \"1.1.1.1:1\")])"
        ))
    };
    let good = "1.1.1.1:1";
    for (said, expected) in [
        (of(""), "peers: there is nobody"),
        (
            of("(id: 1, address: \"1.1.1.1:1\")"),
            "peers[0].id: 1 is too high: 1 peers have the numbers 0 to 0",
        ),
        (
            of("(id: 0, address: \"1.1.1.1:1\"), (id: 0, address: \"1.1.1.2:1\")"),
            "peers[1].id: 0 is the number of peers[0] already",
        ),
        (
            two(good, good),
            "peers[1].address: 1.1.1.1:1 is the address of peers[0] already",
        ),
        (
            two(good, "[fd00::1]:1"),
            "peers[1].address: `[fd00::1]:1`: IPv4 and IPv6 do not",
        ),
        (
            two("localhost:1", good),
            "peers[0].address: `localhost:1`: an address is",
        ),
        (
            two("1.1.1.1", good),
            "peers[0].address: `1.1.1.1`: an address is",
        ),
        (
            two("\\u{1b}[2J", good),
            "peers[0].address: `\\u{1b}[2J`: an",
        ),
        (
            two("1.1.1.1:0", good),
            "peers[0].address: `1.1.1.1:0`: port 0",
        ),
        (
            two(good, "0.0.0.0:1"),
            "peers[1].address: `0.0.0.0:1`: this is no address",
        ),
        (
            two(good, "[::]:1"),
            "peers[1].address: `[::]:1`: this is no address",
        ),
        (
            two(good, "224.0.0.1:1"),
            "peers[1].address: `224.0.0.1:1`: this is the address of many",
        ),
        (
            two(good, "255.255.255.255:1"),
            "this is the address of many",
        ),
        (
            two("[::ffff:1.1.1.1]:1", good),
            "this is IPv4 written as IPv6",
        ),
        (
            keys(&key(KEYS[0]), ""),
            "peers[1].key: all have a key or none has one: peers[0] has",
        ),
        (
            keys("", &key(KEYS[0])),
            "peers[0].key: all have a key or none has one: peers[1] has",
        ),
        (
            keys(&key(KEYS[0]), &key(KEYS[0])),
            "peers[1].key: it is the key of peers[0] already",
        ),
        (
            keys(&key("abc"), &key(KEYS[0])),
            "peers[0].key: `abc`: a public key is 64",
        ),
        (keys(&key(&"g".repeat(64)), ""), "peers[0].key: `ggg"),
        (
            group("1.1.1.2:1"),
            "multicast: `1.1.1.2:1`: this is no multicast address",
        ),
        (group("239.1.1.1:0"), "multicast: `239.1.1.1:0`: port 0"),
        (
            group("[ff15::1]:1"),
            "multicast: `[ff15::1]:1`: IPv4 and IPv6 do not",
        ),
        (group("x"), "multicast: `x`: an address is"),
        (name(""), "cluster: ``: a name is 1 to 64"),
        (name(&"x".repeat(65)), "cluster: `xxx"),
        (name("a\\nb"), "cluster: `a\\u{a}b`"),
        (name("\\u{202e}"), "cluster: `\\u{202e}`"),
    ] {
        assert!(said.starts_with("peers.ron: "), "{said}");
        assert!(said.contains(expected), "{said}");
    }
}

#[test]
fn files_that_cannot_be_read_are_errors() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("peers.ron");
    let said = |path: &Path| Peers::read(path).unwrap_err().to_string();
    assert!(said(&path).contains("No such file"));
    assert!(said(folder.path()).contains("directory"));
    std::fs::write(&path, b"(\n  cluster: \"\xff").unwrap();
    assert!(
        said(&path).ends_with(":2:13: this is not UTF-8"),
        "{}",
        said(&path)
    );
    std::fs::write(&path, vec![b' '; 2 << 20]).unwrap();
    assert!(said(&path).ends_with("at most 1048576 bytes"));
    let peers = Peers::local("demo", 41000, &[(NodeId(0), None)]).unwrap();
    std::fs::write(&path, peers.to_string()).unwrap();
    assert_eq!(Peers::read(&path), Ok(peers));
}

proptest! {
    /// Whatever is in the file, it is read or refused in a line that can be shown.
    #[test]
    fn no_file_is_a_panic(at in 0..200_usize, with in any::<char>()) {
        let mut text: Vec<char> = Peers::local("demo", 41000, &[(NodeId(0), None), (NodeId(1), None)])
            .unwrap()
            .to_string()
            .chars()
            .collect();
        let at = at % text.len();
        text[at] = with;
        let text: String = text.into_iter().collect();
        if let Err(error) = parse(&text) {
            let said = error.to_string();
            prop_assert!(said.len() < 1000 && !said.contains(char::is_control), "{said}");
        }
    }
}
