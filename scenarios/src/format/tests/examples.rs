//! The examples of the documentation are sound, and say what they are about.

use super::*;

#[test]
fn every_example_is_a_sound_scenario() {
    for (path, text) in examples() {
        // One of them names a file, which is there.
        let attempt = Attempt::named("overlays/test.ron", &text);
        assert_eq!(attempt.short(), [""; 0], "{path}\n{text}");
        let (_, option) = path.rsplit_once('.').unwrap();
        let scenario = attempt.scenario();
        let said = format!("{:?} {:?}", scenario.faults, scenario.links);
        if path.starts_with("scenario.faults") {
            assert!(said.contains(option), "{path}: {said}");
        }
        let again = Attempt::named("overlays/test.ron", &scenario.resolved).scenario();
        assert_eq!(again.resolved, scenario.resolved, "{path}");
        assert_eq!(facts(&again), facts(&scenario), "{path}");
    }
}

#[test]
fn every_kind_of_fault_has_an_example() {
    for about in FaultKind::ABOUT {
        let path = format!("scenario.faults.{}", about.name);
        let (_, text) = examples().find(|(known, _)| *known == path).unwrap();
        let scenario = Attempt::of(&text).scenario();
        assert_eq!(scenario.faults[0].kind.about(), &about);
        assert_eq!(scenario.faults[0].index, 0);
        assert!(scenario.faults[0].text.starts_with(about.name));
    }
}
