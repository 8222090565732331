//! The last stop of the README's tour: a protocol of the reader's own, in a scenario.

use std::fs;
use std::path::Path;

use scenarios::testing::runs_with;

#[path = "../../udp/examples/hello.rs"]
mod hello;
#[path = "../tour/rumour.rs"]
mod rumour;

scenarios::registry! {
    /// A registry as a user's crate would have it.
    struct Mine: rumour::PushRumour
}

/// A user's crate snapshots its own scenario in three lines.
#[test]
fn a_protocol_of_ones_own_runs_in_a_scenario() {
    for run in runs_with(
        &Mine,
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tour/rumour.ron"),
    ) {
        insta::with_settings!({ omit_expression => true, snapshot_path => "golden" }, {
            insta::assert_snapshot!(run.title().replace('/', "."), run.snapshot());
        });
    }
}

/// What the README shows is what is tested here.
#[test]
fn the_readme_shows_this_protocol() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let readme = fs::read_to_string(root.join("../README.md")).expect("it is there");
    for file in ["rumour.rs", "rumour.ron"] {
        let text = fs::read_to_string(root.join("tour").join(file)).expect("it is there");
        assert!(
            readme.contains(text.trim_end()),
            "README.md shows another {file}"
        );
    }
}

/// The example of a hosted protocol does what it says.
#[test]
fn a_protocol_of_ones_own_is_hosted() {
    hello::main().expect("two processes of this host can talk");
}

/// And its lines are those of the README.
#[test]
fn the_readme_shows_how_to_host() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let read = |file: &str| fs::read_to_string(root.join(file)).expect("it is there");
    let (readme, example) = (read("README.md"), read("udp/examples/hello.rs"));
    let flat = |text: &str| -> String {
        text.lines()
            .map(|line| line.trim().to_owned() + "\n")
            .collect()
    };
    let shown = readme
        .split("### Host a protocol of your own")
        .nth(1)
        .and_then(|rest| rest.split("```rust\n").nth(1))
        .and_then(|rest| rest.split("```").next())
        .expect("the README shows how to host a protocol");
    assert!(
        flat(&example).contains(&flat(shown)),
        "README.md shows another example"
    );
}
