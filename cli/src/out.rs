//! Standard output and standard error: the answer on the one, everything else on the other.

use std::fmt::Display;
use std::io::{self, IsTerminal, Write};
use std::process::exit;

use crate::exit::Exit;

/// When to colour.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum Colour {
    /// On a terminal, unless `NO_COLOR` is set.
    #[default]
    Auto,
    /// Yes.
    Always,
    /// No.
    Never,
}

/// The two streams and how to write to them.
#[derive(Clone, Copy, Debug)]
pub struct Out {
    colour: bool,
    colour_errors: bool,
    quiet: bool,
}

impl Out {
    /// Decides once what the whole program does.
    pub fn new(colour: Colour, quiet: bool) -> Out {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        let wanted = |terminal: bool| match colour {
            Colour::Always => true,
            Colour::Never => false,
            Colour::Auto if set("NO_COLOR") => false,
            Colour::Auto => terminal || set("CLICOLOR_FORCE"),
        };
        Out {
            colour: wanted(io::stdout().is_terminal()),
            colour_errors: wanted(io::stderr().is_terminal()),
            quiet,
        }
    }

    /// True if diagnostics are to be coloured.
    pub const fn colours_errors(self) -> bool {
        self.colour_errors
    }

    /// True if standard output is a terminal: only then may it show wall time.
    pub fn is_terminal(self) -> bool {
        io::stdout().is_terminal()
    }

    /// `text` in a style, where standard output has colours.
    pub fn style(self, style: Style, text: impl Display) -> String {
        if self.colour {
            format!("{}{text}\u{1b}[0m", style.code())
        } else {
            text.to_string()
        }
    }

    /// Writes a piece of the answer. A closed pipe ends the program quietly; any other failure is exit 74.
    pub fn answer(self, text: impl Display) {
        let written = io::stdout().lock().write_all(text.to_string().as_bytes());
        match written.and_then(|()| io::stdout().lock().flush()) {
            Ok(()) => (),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => exit(0),
            Err(error) => {
                self.complain(format_args!("error: cannot write the answer: {error}"));
                exit(Exit::Io.code());
            }
        }
    }

    /// Writes a warning or an error.
    pub fn complain(self, text: impl Display) {
        // Whoever closed standard error does not want to hear of it.
        let _ = writeln!(io::stderr().lock(), "{text}");
    }

    /// Is less to be said on standard error?
    pub const fn is_quiet(self) -> bool {
        self.quiet
    }

    /// Writes a note that `--quiet` silences.
    pub fn note(self, text: impl Display) {
        if !self.quiet {
            self.complain(text);
        }
    }
}

/// What a piece of text means, as a colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Style {
    /// It is as it should be.
    Good,
    /// It is not.
    Bad,
    /// Nobody can tell.
    Unsure,
    /// Less important.
    Dim,
    /// More important.
    Strong,
}

impl Style {
    const fn code(self) -> &'static str {
        match self {
            Style::Good => "\u{1b}[32m",
            Style::Bad => "\u{1b}[31m",
            Style::Unsure => "\u{1b}[33m",
            Style::Dim => "\u{1b}[2m",
            Style::Strong => "\u{1b}[1m",
        }
    }
}

/// `pieces` with blanks between them, in lines of at most `width` characters if no piece is longer.
pub fn wrapped<'a>(pieces: impl IntoIterator<Item = &'a str>, width: usize) -> String {
    let (mut lines, mut line) = (Vec::new(), String::new());
    for piece in pieces {
        if !line.is_empty() && line.chars().count() + 1 + piece.chars().count() > width {
            lines.push(std::mem::take(&mut line));
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(piece);
    }
    lines.push(line);
    lines.join("\n")
}
