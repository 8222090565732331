//! `stormglass new`: a commented scenario, ready to run.

use std::fs::OpenOptions;
use std::io::{ErrorKind, Write};

use scenarios::format::similar;
use scenarios::run::Runner;

use crate::args::New;
use crate::exit::Exit;
use crate::out::Out;

/// Writes the start of something new; never over a file that is there.
pub fn new(out: Out, registry: &dyn Runner, what: &New) -> Exit {
    let New::Scenario { name, protocol } = what;
    let fit = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    if !name.starts_with(|c: char| c.is_ascii_alphanumeric()) || !name.chars().all(fit) {
        out.complain(format_args!(
            "error: `{name}` cannot be the name of a scenario: use letters, digits, `-`, `_` and `.`, with a letter or a \
             digit first"
        ));
        return Exit::Usage;
    }
    let names = || registry.entries().iter().map(|entry| entry.about().name);
    if !names().any(|known| known == protocol) {
        let near = similar(protocol, names())
            .map(|near| format!(" (did you mean `{near}`?)"))
            .unwrap_or_default();
        out.complain(format_args!("error: no protocol is called `{protocol}`{near}; `stormglass list protocols` prints all"));
        return Exit::Usage;
    }
    let file = format!("{}.ron", name.strip_suffix(".ron").unwrap_or(name));
    let name = file.strip_suffix(".ron").unwrap_or(&file);
    let protocol = format!("protocol: {protocol},");
    let text = TEMPLATE.replace("NAME", name).replace(
        "PROTOCOL",
        // The comments of the template stand in one column.
        &format!("{protocol:<44}"),
    );
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&file)
        .and_then(|mut to| to.write_all(text.as_bytes()))
    {
        Ok(()) => {
            out.answer(format_args!("wrote  {file}   ({} lines, commented)\ntry    stormglass run {file}\nlook   stormglass explain scenario   (all fields, with their defaults)\n", text.lines().count()));
            Exit::Held
        }
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            out.complain(format_args!(
                "error: {file} is there already; nothing was changed"
            ));
            Exit::Usage
        }
        Err(error) => {
            out.complain(format_args!("error: {file}: {error}"));
            Exit::Io
        }
    }
}

const TEMPLATE: &str = r#"// What is the question? Write it here: whoever runs this file reads it first.
Scenario(
    name: "NAME",
    about: "One sentence about what this run shows.",
    seed: 1,                                     // the same seed gives the same run, everywhere
    params: { "n": 5 },                          // change one with  -p n=7
    nodes: "n",                                  // text in the place of a number is an expression
    network: (latency: Uniform("1ms", "5ms")),   // also: loss: 0.1, duplicate: 0.01
    PROTOCOL // `stormglass list protocols -v` shows the parameters
    links: Assumed(Reliable),                    // nothing is lost, nothing arrives twice, no acknowledgements
    workload: [(at: "1ms", node: 0, do: Multicast("hello"))],
    faults: [
        // Crash(node: 0, when: AfterSends(2)),  // dies in the middle of its send loop
    ],
    expect: [
        "eventually validity within 1s",
        "always no_duplication",
        "always no_creation",
        "eventually agreement within 1s",
        "eventually quiescent within 1s",
        "messages <= n*n",
    ],
)
"#;
