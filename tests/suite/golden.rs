//! Golden traces of every shipped scenario and variant: nothing changes unnoticed.
//!
//! A snapshot holds the figures, the fingerprint and the trace. Tests run with debug assertions and any number of threads;
//! `.ci/run` runs this module once more in release, so the same snapshots hold for both.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;
use std::thread;

use scenarios::testing::{is_large, runs};

pub fn library() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios")
}

/// The scenario files of the library that every test can run, in the order of their paths. The large ones belong to the
/// release suite. All are read to know that, once for all tests.
pub fn files() -> &'static [PathBuf] {
    static FILES: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
        let mut files = all_files();
        files.retain(|file| !is_large(file));
        files
    });
    &FILES
}

/// Every scenario file of the library.
pub fn all_files() -> Vec<PathBuf> {
    fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
        let entries = std::fs::read_dir(folder).expect("the library is there");
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.expect("it can be read").path())
            .collect();
        paths.sort();
        for path in paths {
            if path.is_dir() {
                walk(&path, found)
            } else if path.extension().is_some_and(|end| end == "ron") {
                found.push(path)
            }
        }
    }
    let mut found = Vec::new();
    walk(&library(), &mut found);
    assert!(found.len() >= 5, "the library has at least five scenarios");
    found
}

#[test]
fn scenario_library() {
    insta::glob!("../../scenarios", "**/*.ron", |path| {
        if is_large(path) {
            return;
        }
        for run in runs(path) {
            insta::with_settings!({ description => run.scenario().about.clone(), omit_expression => true, snapshot_path => "golden" }, {
                insta::assert_snapshot!(run.title().replace('/', "."), run.snapshot());
            });
        }
    });
}

/// The bytes of a run do not depend on what else runs, or on which thread it does.
#[test]
fn fingerprints_do_not_depend_on_threads() {
    let fingerprints = || -> BTreeMap<String, u64> {
        let small = files()
            .iter()
            .filter(|file| !file.ends_with("eager-crowd.ron"));
        small
            .flat_map(runs)
            .map(|run| (run.title().to_owned(), run.run().fingerprint))
            .collect()
    };
    let alone = fingerprints();
    let crowd: Vec<_> = (0..3).map(|_| thread::spawn(fingerprints)).collect();
    for thread in crowd {
        assert_eq!(thread.join().expect("no run panics"), alone);
    }
}
