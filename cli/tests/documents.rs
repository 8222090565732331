//! The commands and screens of the documents, run as they stand there.

/// The console blocks of the README, and those of `commands/`.
#[test]
fn documented_commands_do_what_the_documents_say() {
    trycmd::TestCases::new().case("../README.md").case("tests/commands/*.md");
}
