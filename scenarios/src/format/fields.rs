//! An open struct: the one place where a field is named, typed, defaulted, checked, recorded and documented.

use super::nodes::NodeSet;
use super::place::Place;
use super::problem::Problem;
use super::stand_in::Probability;
use sim_core::kernel::time::Span;
use std::marker::PhantomData;
use std::ops::RangeInclusive;

/// One field, as `stormglass explain` shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FieldDoc {
    /// `scenario.network.loss`; of a variant's argument `scenario.network.latency.Uniform.min`.
    pub path: String,
    /// What may be written: `probability`.
    pub kind: String,
    /// What is taken if nothing is; none if it is required.
    pub default: Option<String>,
    /// In one line.
    pub doc: &'static str,
    /// The names to choose from.
    pub options: Vec<String>,
}

/// One option of [`Fields::choice`].
#[derive(Clone, Copy, Debug)]
pub struct Choice<T> {
    /// As it is written.
    pub name: &'static str,
    /// What it stands for.
    pub value: T,
}

/// A struct whose fields are being read, or described.
pub struct Fields<'r>(PhantomData<&'r ()>);

#[expect(unused_variables, reason = "a skeleton")]
impl Fields<'_> {
    /// `EagerMulticast` of `EagerMulticast(relay: true)`; empty for a bare struct.
    #[must_use]
    pub fn name(&self) -> &str {
        unimplemented!()
    }
    /// Where the whole struct is written.
    #[must_use]
    pub fn place(&self) -> Place {
        unimplemented!()
    }
    /// Where a field is written, from its name to its end; the whole struct if it is not.
    #[must_use]
    pub fn place_of(&self, name: &str) -> Place {
        unimplemented!()
    }
    /// Is the field written? Always when describing.
    #[must_use]
    pub fn has(&self, name: &str) -> bool {
        unimplemented!()
    }
    /// The arguments that follow are given by position, `Uniform("1ms", "5ms")`, in the order of the calls.
    pub fn positional(&mut self) {
        unimplemented!()
    }
    /// Reports what only the caller can see.
    pub fn report(&mut self, problem: Problem) {
        unimplemented!()
    }
    /// True or false.
    pub fn flag(&mut self, name: &'static str, default: bool, doc: &'static str) -> bool {
        unimplemented!()
    }
    /// A whole number in a range; no default means required.
    pub fn integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        default: Option<u64>,
        doc: &'static str,
    ) -> u64 {
        unimplemented!()
    }
    /// A whole number in a range, or nothing.
    pub fn optional_integer(
        &mut self,
        name: &'static str,
        range: RangeInclusive<u64>,
        doc: &'static str,
    ) -> Option<u64> {
        unimplemented!()
    }
    /// A number in a range; no default means required.
    pub fn number(
        &mut self,
        name: &'static str,
        range: RangeInclusive<f64>,
        default: Option<f64>,
        doc: &'static str,
    ) -> f64 {
        unimplemented!()
    }
    /// A probability; a literal is read exactly.
    pub fn probability(
        &mut self,
        name: &'static str,
        default: Option<Probability>,
        doc: &'static str,
    ) -> Probability {
        unimplemented!()
    }
    /// A time.
    pub fn time(&mut self, name: &'static str, default: Option<Span>, doc: &'static str) -> Span {
        unimplemented!()
    }
    /// A time, or nothing.
    pub fn optional_time(&mut self, name: &'static str, doc: &'static str) -> Option<Span> {
        unimplemented!()
    }
    /// A text.
    pub fn text(&mut self, name: &'static str, default: Option<&str>, doc: &'static str) -> String {
        unimplemented!()
    }
    /// A list of texts, each with its place.
    pub fn texts(&mut self, name: &'static str, doc: &'static str) -> Vec<(Place, String)> {
        unimplemented!()
    }
    /// One of a few names.
    pub fn choice<T: Copy + PartialEq>(
        &mut self,
        name: &'static str,
        options: &[Choice<T>],
        default: Option<T>,
        doc: &'static str,
    ) -> T {
        unimplemented!()
    }
    /// A set of nodes.
    pub fn nodes(
        &mut self,
        name: &'static str,
        default: Option<NodeSet>,
        doc: &'static str,
    ) -> NodeSet {
        unimplemented!()
    }
    /// A struct; if it is not written, all its defaults.
    pub fn structure<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> T {
        unimplemented!()
    }
    /// A struct, or nothing.
    pub fn optional_structure<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        read: impl FnOnce(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        unimplemented!()
    }
    /// A list of structs.
    pub fn structures<T>(
        &mut self,
        name: &'static str,
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        unimplemented!()
    }
    /// One of several constructors, with arguments; `default` is RON. None only if a problem is reported.
    pub fn variant<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        default: Option<&'static str>,
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        unimplemented!()
    }
    /// One of several constructors, or nothing.
    pub fn optional_variant<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Option<T> {
        unimplemented!()
    }
    /// A list of constructors.
    pub fn variants<T>(
        &mut self,
        name: &'static str,
        options: &[&'static str],
        doc: &'static str,
        read: impl FnMut(&mut Fields<'_>) -> T,
    ) -> Vec<T> {
        unimplemented!()
    }
}
