//! `stormglass merge`: parts of a sweep, wherever they were made, as one.

use std::fs;
use std::path::PathBuf;

use scenarios::sweep::{self, Row};

use crate::args::MergeArgs;
use crate::exit::Exit;
use crate::out::Out;
use crate::sweep::{conflicting, finish, parts};

/// Merges parts.
pub fn merge(out: Out, args: &MergeArgs) -> Exit {
    let read = match read(&args.parts) {
        Ok(read) => read,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Io;
        }
    };
    let merged = match sweep::merge(&read) {
        Ok(Some(merged)) => merged,
        Ok(None) => {
            out.complain("error: there is no part of a sweep here (`stormglass sweep --shard i/n` makes them)");
            return Exit::Nothing;
        }
        Err(conflict) => return conflicting(out, conflict),
    };
    if merged.missing.is_empty() {
        if args.missing {
            return Exit::Held;
        }
        let folder = args.out.join(sweep::folder(&merged.description));
        let again = |row: &Row| format!("stormglass sweep FILE --run {}", row.id());
        return finish(out, &folder, &args.out, &merged, 0, args.json, &again);
    }
    if args.missing {
        for id in &merged.missing {
            out.answer(format_args!("{id}\n"));
        }
    } else {
        out.complain(format_args!(
            "error: {} of {} runs are missing (--missing lists them, for `stormglass sweep FILE --only LIST`)",
            merged.missing.len(),
            merged.description.runs
        ));
    }
    Exit::Inconclusive
}

fn read(paths: &[PathBuf]) -> Result<Vec<(String, Vec<u8>)>, String> {
    let mut read = Vec::new();
    for path in paths {
        if path.is_dir() {
            read.extend(parts(path)?);
        } else {
            let name = path.display().to_string();
            let bytes = fs::read(path).map_err(|error| format!("{name}: {error}"))?;
            read.push((name, bytes));
        }
    }
    Ok(read)
}
