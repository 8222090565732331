//! Each code means what its explanation says.

use super::*;

#[test]
fn every_wrong_example_has_its_code_and_no_right_one_has_any() {
    for code in Code::ALL {
        let Explanation { wrong, right, .. } = code.explanation();
        let codes = |field: &str| -> Vec<Code> {
            Attempt::of(&with(field))
                .read()
                .problems
                .iter()
                .map(|problem| problem.code)
                .collect()
        };
        assert_eq!(codes(wrong), [code], "{wrong}");
        assert_eq!(codes(right), [], "{right}");
        assert_eq!(code.to_string().to_lowercase().parse(), Ok(code));
    }
    assert_eq!("S999".parse::<Code>(), Err(UnknownCode));
}
