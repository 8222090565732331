//! What is written is read back, and nothing else is.

use std::io::{self, Write};

use proptest::collection::vec;
use proptest::prelude::*;
use sim_core::kernel::id::NodeId;
use sim_core::kernel::time::{SimTime, Span};
use sim_core::trace::{PIECE, Record, Sink, TextId, Trace, What, WhyDropped};

use super::{Header, Reader, TraceError, Whole, Writer, frame};

fn header() -> Header {
    Header {
        model_version: 7,
        name: "story".to_owned(),
        seed: 42,
        params: "n=3".to_owned(),
        faults: vec!["faults[0]: a crash".to_owned()],
    }
}

/// One event of each kind.
fn story() -> Trace {
    let (text, other, late) = (TextId(0), TextId(1), TextId(2));
    let (to, from, peer, msg, fault) = (NodeId(1), NodeId(0), NodeId(2), 1, 0);
    let sent = SimTime::from_nanos(1_000_000);
    let why = WhyDropped::Down(0);
    let whats = [
        What::Request(other),
        What::Send { msg, to, text },
        What::Duplicate {
            msg,
            to,
            text,
            fault,
        },
        What::Corrupt {
            msg,
            to,
            text: late,
            fault,
        },
        What::Hold {
            msg: 2,
            to,
            text,
            fault,
        },
        What::Arm(text, Span::from_millis(300)),
        What::Recv {
            msg,
            from,
            sent,
            text,
        },
        What::Deliver(other),
        What::Drop {
            msg: 2,
            peer,
            text,
            why,
        },
        What::Drop {
            msg: 3,
            peer,
            text,
            why: WhyDropped::NoChannel,
        },
        What::Skip(other),
        What::Crash(0),
        What::Recover(0),
        What::Fault(0),
        What::Over(0),
        What::Disarm(text),
        What::Timer(text),
        What::Persist(other),
        What::Mark(late),
        What::Panic,
    ];
    let record = |(id, what)| Record {
        id,
        cause: id / 2,
        at: SimTime::from_nanos(1_000_000 + (id - 1) * 1_190_000),
        node: if id == 14 {
            NodeId::ALL
        } else {
            NodeId((id % 3) as u32)
        },
        what,
    };
    Trace {
        records: (1..).zip(whats).map(record).collect(),
        texts: ["hello", "ack", "später"].map(str::to_owned).to_vec(),
        faults: header().faults,
        left_out: 5,
    }
}

fn written(trace: &Trace) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), &header()).expect("a vector takes all");
    writer.keep(trace);
    writer.finish(0xfeed).expect("a vector takes all")
}

fn read(bytes: &[u8]) -> Result<Whole, TraceError> {
    Reader::new(bytes)?.whole()
}

/// Events with their texts in place of the numbers of these, which are the trace's own.
fn told(trace: &Trace) -> Vec<(Record, String)> {
    let told = |record: &Record| {
        let mut record = *record;
        let text = record.what.text_mut();
        let text = text.map(|text| std::mem::replace(text, TextId(0)));
        let text = text.map_or("", |text| trace.text(text)).to_owned();
        (record, text)
    };
    trace.records.iter().map(told).collect()
}

#[test]
fn what_was_written_is_read_back() {
    let mut trace = story();
    let whole = read(&written(&trace)).expect("it is whole");
    assert!(whole.cut_off.is_none());
    assert_eq!(whole.header, header());
    assert_eq!(told(&whole.trace), told(&trace));
    assert_eq!(
        (&whole.trace.faults, whole.trace.left_out),
        (&trace.faults, 5)
    );
    // The same for several pieces, which have texts in common.
    let first = trace.records.clone();
    while trace.records.len() < 3 * PIECE {
        let before = trace.records.len() as u64;
        let later = |record: &Record| Record {
            id: record.id + before,
            ..*record
        };
        trace.records.extend(first.iter().map(later));
    }
    let bytes = written(&trace);
    let whole = read(&bytes).expect("it is whole");
    assert_eq!(told(&whole.trace), told(&trace));
    assert_eq!(whole.trace.texts.len(), 3, "each text once");
    let mut reader = Reader::new(&bytes[..]).expect("a header");
    let mut pieces = 0;
    while let Some(piece) = reader.piece().expect("it is whole") {
        assert!(piece.records.len() <= PIECE);
        pieces += 1;
    }
    assert_eq!(pieces, 4);
    let ending = reader.ending().expect("it is whole");
    assert_eq!((ending.fingerprint, ending.left_out), (0xfeed, 5));
}

/// Whoever changes this changes the format: it gets a new version.
#[test]
fn the_bytes_are_these() {
    let bytes = written(&story());
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    let expected = "\
        73746f726d676c6173732e74726163652f320a210000004717ca397ffe410400070573746f72792a036e3d3301\
        126661756c74735b305d3a2061206372617368d5000000b796ce308240026c01030361636b0568656c6c6f0773\
        70c3a4746572140101c0843d0100000101f0d04802020201010102f0d0480005000101000102f0d04801060001\
        02000103f0d0480207020101000103f0d048000e0180c6868f010104f0d04801030100c0cae706010104f0d048\
        0201000105f0d048000402020106000105f0d0480104020201080106f0d0480208000106f0d0480009000107f0\
        d048010a000107f0d048ffffffff0f0b000108f0d048000c000108f0d048010f010109f0d0480210010109f0d0\
        48001100010af0d048011202010af0d048020d050000002e2f9a16577aac7e02edfd0305";
    assert_eq!(hex, expected);
}

#[test]
fn a_file_that_is_cut_off_is_good_up_to_its_last_whole_piece() {
    let trace = story();
    let bytes = {
        let mut writer = Writer::new(Vec::new(), &header()).expect("a vector takes all");
        for records in trace.records.chunks(5) {
            assert!(writer.take(records, &trace.texts).is_continue());
        }
        writer.finish(1).expect("a vector takes all")
    };
    let mut seen = Vec::new();
    for length in 0..bytes.len() {
        let part = &bytes[..length];
        let events = match read(part) {
            Ok(Whole { trace, cut_off, .. }) => {
                let Some(TraceError::CutOff {
                    offset,
                    pieces,
                    event,
                }) = cut_off
                else {
                    panic!("{length} bytes of {}: {cut_off:?}", bytes.len());
                };
                assert!(offset <= length as u64 && pieces * 5 == event, "{length}");
                assert_eq!(told(&trace), told(&story())[..trace.records.len()]);
                trace.records.len()
            }
            Err(TraceError::CutOff { event: 0, .. }) => 0,
            Err(error) => panic!("{length} bytes: {error}"),
        };
        seen.push(events);
    }
    assert!(seen.is_sorted());
    seen.dedup();
    assert_eq!(seen, [0, 5, 10, 15, 20]);
}

#[test]
fn no_bit_can_change_unnoticed() {
    let bytes = written(&story());
    for place in 0..bytes.len() * 8 {
        let mut bytes = bytes.clone();
        bytes[place / 8] ^= 1 << (place % 8);
        match read(&bytes) {
            Err(TraceError::Damaged { offset, .. }) => assert!(offset <= place as u64 / 8),
            Err(TraceError::Foreign | TraceError::Version(_)) => assert!(place < 19 * 8),
            other => panic!("bit {place}: {other:?}"),
        }
    }
    let mut bytes = bytes;
    bytes.push(0);
    assert!(matches!(read(&bytes), Err(TraceError::Damaged { .. })));
}

#[test]
fn other_files_are_told_from_damaged_ones() {
    for (bytes, told) in [
        ("# a text\n that is long enough", "this is no trace"),
        (
            "stormglass.trace/1\n....",
            "this is a trace of version 1, and this Stormglass reads version 2 (run the scenario again)",
        ),
        (
            "stormglass.trace/23\n....",
            "this is a trace of version 23, and this Stormglass reads version 2 (run the scenario again)",
        ),
        (
            "",
            "the trace is cut off before its first event, for its run did not come to its end (byte 0, piece 1)",
        ),
    ] {
        let error = read(bytes.as_bytes()).expect_err("this is no trace");
        assert_eq!(error.to_string(), told);
    }
}

/// Takes so many bytes and then has no more room.
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
fn a_disk_that_is_full_ends_the_recording() {
    let trace = story();
    let all = written(&trace).len();
    let mut writer = Writer::new(Full(all - 1), &header()).expect("the header has room");
    writer.keep(&trace);
    let error = writer.finish(0xfeed).map(|_| ());
    let error = error.expect_err("the end has no room");
    assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    let mut writer = Writer::new(Full(all / 2), &header()).expect("the header has room");
    assert!(writer.take(&trace.records, &trace.texts).is_break());
    let error = writer.finish(1).map(|_| ()).expect_err("it is no trace");
    assert!(error.to_string().ends_with("(the trace ends at event 0)"));
}

fn whats() -> impl Strategy<Value = What> {
    let text = (0..50_u32).prop_map(TextId);
    let (msg, time) = (any::<u64>(), any::<u64>().prop_map(SimTime::from_nanos));
    let node = any::<u32>().prop_map(NodeId);
    prop_oneof![
        (msg, node.clone(), text.clone()).prop_map(|(msg, to, text)| What::Send { msg, to, text }),
        (any::<u64>(), node, time, text.clone()).prop_map(|(msg, from, sent, text)| What::Recv {
            msg,
            from,
            sent,
            text
        }),
        text.prop_map(What::Mark),
        any::<u32>().prop_map(What::Crash),
    ]
}

prop_compose! {
    fn traces()(
        events in vec((any::<u64>(), any::<u64>(), any::<u32>(), whats()), 0..200),
        texts in vec(".{0,20}", 50),
    ) -> Trace {
        let record = |(id, (cause, at, node, what))| Record {
            id,
            cause,
            at: SimTime::from_nanos(at),
            node: NodeId(node),
            what,
        };
        Trace {
            records: (1..).zip(events).map(record).collect(),
            texts,
            ..Trace::default()
        }
    }
}

proptest! {
    /// Whatever the numbers are, also those that no run has.
    #[test]
    fn any_events_are_read_back(trace in traces()) {
        let whole = read(&written(&trace)).expect("it is whole");
        prop_assert_eq!(told(&whole.trace), told(&trace));
    }

    /// Checksums are no protection from malice: what is behind them is checked, too.
    #[test]
    fn a_piece_of_any_bytes_is_read_or_refused(
        trace in traces(),
        changes in vec((any::<prop::sample::Index>(), any::<u8>()), 1..5),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut piece = Vec::new();
        frame::begin(&mut piece, frame::PIECE);
        let body = piece.len();
        let mut piece = super::piece::Encoder::default()
            .encode(&trace.records, &trace.texts, piece)
            .expect("any events can be encoded");
        piece.truncate(body + 1 + cut.index(2 * (piece.len() - body)));
        for (place, byte) in changes {
            let place = body - 1 + place.index(piece.len() - body + 1);
            piece[place] = byte;
        }
        frame::seal(&mut piece).expect("it is short");
        let bytes = written(&Trace::default());
        let end = bytes.len() - 17; // The frame of the end is a head, a kind, and two numbers in four bytes.
        let file = [&bytes[..end], &piece, &bytes[end..]].concat();
        if let Ok(whole) = read(&file) {
            for record in &whole.trace.records {
                let _ = sim_core::trace::text::line(&whole.trace, record).to_string();
            }
        }
    }

    #[test]
    fn any_bytes_are_refused(bytes in vec(any::<u8>(), 0..300)) {
        let mut file = b"stormglass.trace/2\n".to_vec();
        file.extend(bytes);
        prop_assert!(read(&file).is_err());
    }
}
