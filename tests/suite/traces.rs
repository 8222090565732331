//! A trace that is written while the run goes on: the same run, and the same events as in memory.

use std::io::{self, Write};

use scenarios::format::{Overrides, Scenario, Sources, read};
use scenarios::protocols::shipped;
use scenarios::run::{Options, Run};
use scenarios::testing::runs;
use scenarios::trace::{Header, Reader, Writer};
use sim_core::kernel::canonical::Fold;
use sim_core::trace::text;

use crate::golden::files;

fn scenario(rest: &str) -> Scenario {
    let text = format!(
        "Scenario(name: \"traced\", nodes: 9, protocol: EagerMulticast, links: Reliable, \
         network: (latency: Uniform(\"1ms\", \"5ms\"), loss: 0.1), \
         trace: Full, workload: [(at: \"1ms\", node: 0, do: Multicast(\"hello\"))], {rest})"
    );
    let mut sources = Sources::new();
    let file = sources.add("traced.ron", text);
    let reading = read(&sources, file, &Overrides::default(), shipped().entries());
    let problems = reading.problems;
    reading.scenario.unwrap_or_else(|| panic!("{problems:?}"))
}

/// Runs a scenario; gives its trace file, too.
fn streamed(scenario: &Scenario) -> (Run, Vec<u8>) {
    let header = Header::of(scenario, String::new());
    let mut writer = Writer::new(Vec::new(), &header).expect("a vector takes all");
    let run = shipped().run_into(scenario, Options::default(), &mut writer);
    let bytes = writer.finish(run.fingerprint).expect("a vector takes all");
    (run, bytes)
}

#[test]
fn a_trace_on_disk_holds_what_the_one_in_memory_holds() {
    for run in files().iter().flat_map(runs) {
        let title = run.title();
        let (streamed, bytes) = streamed(run.scenario());
        assert_eq!(streamed.fingerprint, run.run().fingerprint, "{title}");
        assert_eq!(streamed.verdict, run.run().verdict, "{title}");
        assert!(streamed.trace.is_none(), "{title}");
        let whole = Reader::new(&bytes[..]).and_then(Reader::whole);
        let whole = whole.expect("it is whole");
        assert!(whole.cut_off.is_none(), "{title}");
        let Some(trace) = &run.run().trace else {
            assert!(whole.trace.records.is_empty(), "{title}");
            continue;
        };
        assert_eq!(text::render(&whole.trace), text::render(trace), "{title}");
        let causes = |trace: &sim_core::trace::Trace| -> Vec<(u64, u64)> {
            trace
                .records
                .iter()
                .map(|one| (one.id, one.cause))
                .collect()
        };
        assert_eq!(causes(&whole.trace), causes(trace), "{title}");
        assert_eq!(whole.trace.faults, trace.faults, "{title}");
    }
}

/// On every machine, in debug and release. Another number is another format, or another meaning of a run.
#[test]
fn the_bytes_of_a_trace_are_the_same_everywhere() {
    let (run, bytes) = streamed(&scenario("faults: [Crash(node: 2, at: \"3ms\")]"));
    let mut fold = Fold::default();
    fold.bytes(&bytes);
    assert_eq!(
        (run.fingerprint, bytes.len(), fold.digest()),
        (0x1073_e264_f526_504c, 16_786, 0x2ac3_0dcc_0571_c32e),
    );
}

/// Has no room for more than the header.
struct Full(usize);

impl Write for Full {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let left = self.0.checked_sub(bytes.len());
        self.0 = left.ok_or(io::ErrorKind::StorageFull)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_run_goes_on_when_its_trace_cannot() {
    let scenario = scenario("");
    let header = Header::of(&scenario, String::new());
    let mut writer = Writer::new(Full(1_000), &header).expect("the header has room");
    let run = shipped().run_into(&scenario, Options::default(), &mut writer);
    let error = writer.finish(run.fingerprint).map(|_| ());
    assert_eq!(
        error.expect_err("there is no room").kind(),
        io::ErrorKind::StorageFull
    );
    let whole = shipped().run(&scenario, Options::default());
    assert_eq!(run.fingerprint, whole.fingerprint);
}
