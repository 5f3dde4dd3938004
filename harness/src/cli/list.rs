//! `switchproof list`.

use std::collections::BTreeSet;

use clap::{Args, ValueEnum};
use serde_json::json;
use switchproof_vm::cache_dir::CacheDir;

use super::chosen::{Chosen, Selection};
use super::common::{Error, Exit, print};
use super::form::{Form, Printed, document};
use super::shard::plan_of_names;
use crate::host_context::HostError;
use crate::model::Case;
use crate::plan::{Plan, shards};
use crate::run::{ResultStore, recorded_cost_ms};

/// What to list.
#[derive(Args)]
pub struct ListArgs {
    #[command(flatten)]
    chosen: Chosen,
    #[command(flatten)]
    printed: Printed<Format>,
    /// Among how many jobs the cases are shared out, for the formats of CI systems
    #[arg(long, value_name = "N", env = "SWITCHPROOF_SHARDS", default_value_t = 4,
          value_parser = clap::value_parser!(u16).range(1..))]
    shards: u16,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people: ids and what they are for
    #[default]
    Text,
    /// For programs: one array of objects
    Json,
    /// For GitHub Actions: a matrix of jobs that end at about the same time, by what cases took before; each job runs
    /// `switchproof run` with SWITCHPROOF_CASES set to its `cases`
    GithubMatrix,
    /// For GitLab: the jobs of a child pipeline, each of which extends `.switchproof`
    Gitlab,
}

impl Form for Format {
    const JSON: Self = Self::Json;
}

pub fn run(args: &ListArgs) -> Result<Exit, Error> {
    let chosen = args.chosen.load_some()?;
    let Selection {
        cases, selected, ..
    } = &chosen;
    let text = match args.printed.form() {
        Format::Text => text(&told(cases, selected)),
        Format::Json => as_json(selected.iter().map(|&case| &cases[case]))?,
        Format::GithubMatrix => github(&jobs(cases, selected, args.shards.into())?),
        Format::Gitlab => gitlab(&jobs(cases, selected, args.shards.into())?),
    };
    print(&text)?;
    Ok(chosen.exit(Exit::Passed))
}

/// The chosen cases that are listed for people: those that try laws only where nothing else was asked for.
fn told<'a>(cases: &'a [Case], selected: &BTreeSet<usize>) -> Vec<&'a Case> {
    let (own, laws): (Vec<&Case>, Vec<&Case>) = selected
        .iter()
        .map(|&case| &cases[case])
        .partition(|case| case.trial.is_none());
    match own.is_empty() {
        true => laws,
        false => own,
    }
}

fn text(cases: &[&Case]) -> String {
    let widths = cases.iter().map(|case| case.id.chars().count());
    let width = widths.max().unwrap_or(0);
    let mut text = String::new();
    for case in cases {
        let about = case.description.lines().next().unwrap_or_default();
        text += format!("{:width$}  {about}", case.id).trim_end();
        text.push('\n');
    }
    text
}

fn as_json<'a>(cases: impl Iterator<Item = &'a Case>) -> Result<String, Error> {
    let all: Vec<_> = cases
        .map(|case| {
            let axes: serde_json::Map<_, _> = case
                .axes
                .iter()
                .map(|(axis, value)| (axis.clone(), json!(value)))
                .collect();
            let steps: Vec<_> = case.steps.iter().map(|step| &step.name).collect();
            json!({
                "id": case.id,
                "scenario": case.scenario,
                "file": case.file,
                "description": case.description,
                "axes": axes,
                "steps": steps,
                "law": case.trial.as_ref().map(|trial| trial.law),
            })
        })
        .collect();
    document(&all)
}

/// A job of a CI system.
struct Job {
    name: String,
    cases: Vec<String>,
    seconds: u64,
}

/// The jobs that have something to do.
fn jobs(cases: &[Case], selected: &BTreeSet<usize>, count: usize) -> Result<Vec<Job>, Error> {
    let cache = CacheDir::from_environment().map_err(HostError::from)?;
    let results = ResultStore::new(&cache.results().map_err(HostError::from)?);
    let plan = plan_of_names(cases);
    let costs: Vec<u64> = plan
        .nodes
        .iter()
        .map(|node| recorded_cost_ms(&plan, &results, node))
        .collect();
    let shared = shards(&plan, selected, count, |node| {
        recorded_cost_ms(&plan, &results, node)
    });
    let busy = shared.iter().filter(|cases| !cases.is_empty());
    let of = busy.clone().count();
    let job = |(number, cases): (usize, &BTreeSet<usize>)| Job {
        name: format!("{}/{of}", number + 1),
        cases: cases
            .iter()
            .map(|&case| plan.cases[case].id.clone())
            .collect(),
        seconds: cost_of(&plan, cases, &costs).div_ceil(1000),
    };
    Ok(busy.enumerate().map(job).collect())
}

fn cost_of(plan: &Plan, cases: &BTreeSet<usize>, costs: &[u64]) -> u64 {
    let nodes: BTreeSet<usize> = cases
        .iter()
        .flat_map(|&case| plan.paths[case].iter().map(|node| node.0))
        .collect();
    nodes.into_iter().map(|node| costs[node]).sum()
}

/// One line, as a job's output has to be.
fn github(jobs: &[Job]) -> String {
    let include: Vec<_> = jobs
        .iter()
        .map(|job| {
            json!({
                "shard": job.name,
                "cases": job.cases.join("\n"),
                "count": job.cases.len(),
                "seconds": job.seconds,
            })
        })
        .collect();
    format!("{}\n", json!({ "include": include }))
}

fn gitlab(jobs: &[Job]) -> String {
    let mut text = String::new();
    for job in jobs {
        // JSON is YAML, whatever stands in an id; GitLab looks for variables in it.
        let cases = json!(job.cases.join("\n").replace('$', "$$"));
        text += &format!(
            "\"switchproof {}\":\n  extends: .switchproof\n  variables:\n    SWITCHPROOF_CASES: {cases}\n",
            job.name
        );
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Vec<Job> {
        let job = |name: &str, cases: &[&str]| Job {
            name: name.to_owned(),
            cases: cases.iter().map(|id| (*id).to_owned()).collect(),
            seconds: 7,
        };
        vec![job("1/2", &["a", "b[x='1']"]), job("2/2", &["c: \"$d\""])]
    }

    #[test]
    fn a_matrix_is_one_line() {
        let matrix = github(&two());
        assert_eq!(matrix.lines().count(), 1);
        let read: serde_json::Value = serde_json::from_str(&matrix).unwrap();
        assert_eq!(read["include"][0]["cases"], "a\nb[x='1']");
        assert_eq!(read["include"][1]["shard"], "2/2");
    }

    #[test]
    fn jobs_of_gitlab_are_yaml_whatever_the_ids_are() {
        let read: serde_yaml::Value = serde_yaml::from_str(&gitlab(&two())).unwrap();
        let second = &read["switchproof 2/2"];
        assert_eq!(second["extends"], ".switchproof");
        assert_eq!(second["variables"]["SWITCHPROOF_CASES"], "c: \"$$d\"");
    }
}
