//! `stormglass validate`: what is wrong with files, without running them.

use scenarios::format::{Overrides, Severity, Sources, human, json, short, validate as check};
use scenarios::run::Runner;

use crate::args::{Message, ValidateArgs};
use crate::exit::Exit;
use crate::files::{self, Trouble};
use crate::out::Out;
use crate::plan::look_of;

/// Checks files and all their variants. Diagnostics are the answer here, so they go to standard output.
pub fn validate(out: Out, registry: &dyn Runner, args: &ValidateArgs) -> Exit {
    let found = match files::find(&args.files) {
        Ok(found) => found,
        Err(error) => {
            out.complain(format_args!("error: {error}"));
            return Exit::Io;
        }
    };
    if found.is_empty() {
        let none = files::none_in(&args.files);
        out.complain(format_args!("error: nothing to check: {none}"));
        return Exit::Nothing;
    }
    let (mut errors, mut warnings) = (0, 0);
    for path in &found {
        let text = match files::text(path) {
            Ok(text) => text,
            Err(Trouble::Content(error)) => {
                out.complain(format_args!("error: {error}"));
                errors += 1;
                continue;
            }
            Err(Trouble::System(error)) => {
                out.complain(format_args!("error: {error}"));
                return Exit::Io;
            }
        };
        let mut sources = Sources::new();
        let file = sources.add(path.display().to_string(), text);
        for problem in check(&sources, file, &Overrides::default(), registry.entries()) {
            match problem.severity {
                Severity::Error => errors += 1,
                Severity::Warning => warnings += 1,
            }
            let text = match args.message {
                Message::Human => human(&sources, &problem, look_of(out)) + "\n",
                Message::Short => short(&sources, &problem),
                Message::Json => json(&sources, &problem),
            };
            out.answer(format_args!("{text}\n"));
        }
    }
    if args.message == Message::Human {
        let count = |n: usize, word: &str| format!("{n} {word}{}", if n == 1 { "" } else { "s" });
        out.answer(format_args!(
            "{}: {}, {}\n",
            count(found.len(), "file"),
            count(errors, "error"),
            count(warnings, "warning")
        ));
    }
    if errors > 0 { Exit::Usage } else { Exit::Held }
}
