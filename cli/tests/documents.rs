//! The commands and screens of the documents, run as they stand there.

/// The console blocks of the README, and those of `commands/`.
#[test]
fn documented_commands_do_what_the_documents_say() {
    // From the top of the repository, where the README says one is. This is the only test of its process.
    std::env::set_current_dir("..").expect("the repository is above the crate");
    // A sweep goes on where it was, and says so; the pages show one from its beginning.
    for name in ["eager-messages", "demers-counter", "frieze-grimmett"] {
        let _ = std::fs::remove_dir_all(format!("runs/{name}"));
    }
    trycmd::TestCases::new()
        // Help is broken to the width of the terminal.
        .env("COLUMNS", "100")
        .case("README.md")
        .case("cli/tests/commands/*.md")
        .case("cli/tests/commands/*.toml");
}
