// Takes experiments from their declaration to their end: looks at what they show, decides
// (experiments/analysis.h) and makes decisions true.
//
// A decision is one change of the experiment in its object, made only if nothing has changed since it was
// looked at. What isolates follow is published after that: a setting of the control log that says where the
// experiment stands, with a serial number, so that it may be published any number of times, by anybody, late,
// and a newer state is never replaced. Whoever is lost between the two leaves a state that is not published
// yet; tend() does it. So a promotion is made once, or not at all.
//
// Each decision is announced to people by the alerts' transports (monitor/watch.h): the ledger passes over
// what was announced before, so that may be repeated too.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "engine/control.h"
#include "experiments/analysis.h"
#include "experiments/plan.h"
#include "host/requests.h"
#include "host/task.h"
#include "records/fields.h"

namespace larder::trials {

// Whose decisions the analysis' own are.
inline constexpr std::string_view analysis_actor = "larder";

// An experiment with all that is known of it.
struct Dossier {
  records::ExperimentRow row;
  experiments::Experiment declaration;
  // Of what it shows now.
  experiments::Analysis analysis;
  records::ExperimentDecisions decisions;

  Dossier() {}
};

class Conductor {
 public:
  // Both outlive the conductor.
  Conductor(const config::Settings& settings, engine::Control& control)
      : settings_(settings), control_(control) {}

  // Begins an experiment. Errors: rejected in the object's words; too_large where isolates would have to know
  // too much of it.
  host::Task<Result<records::ExperimentRow>> declare(host::Context here, experiments::Experiment experiment,
                                                     std::string actor);
  host::Task<Result<records::ExperimentRows>> list(host::Context here);
  // Errors: not_found.
  host::Task<Result<Dossier>> show(host::Context here, std::string name);
  // Promotes a variant by an operator's word; "": the one that leads. Errors: rejected where it is not
  // running, invalid where there is no such variant.
  host::Task<Result<records::ExperimentRow>> promote(host::Context here, std::string name,
                                                     std::string variant, std::string actor);
  // Takes a promotion back, or stops what is running. Errors: rejected where nothing is to be taken back.
  host::Task<Result<records::ExperimentRow>> roll_back(host::Context here, std::string name,
                                                       std::string actor);

  // Looks at all that run and are watched, and does what follows. A look that nothing follows from is noted
  // beside the decisions, so that there is a row of a night each to see intervals narrow by.
  host::Task<void> analyse(host::Context here);
  // Publishes what is not published yet, tells people of what they were not told, and looks at what is
  // watched.
  host::Task<void> tend(host::Context here);

 private:
  host::Task<Result<records::ExperimentRow>> move(host::Context here,
                                                  records::experiments::move_arguments change);
  enum class Visit : std::uint8_t { nightly, between_nights };
  host::Task<void> look_at(host::Context here, std::string name, Visit visit);
  host::Task<void> note_look(host::Context here, Dossier dossier);
  host::Task<Result<void>> publish(host::Context here, records::ExperimentRow row);

  // Tells people of what was decided lately, where nobody has.
  host::Task<void> announce_lately(host::Context here, records::ExperimentRows rows);

  const config::Settings& settings_;
  engine::Control& control_;
};

// What an answer says of it.
std::string to_json(const records::ExperimentRow& row);
std::string to_json(const Dossier& dossier);

}  // namespace larder::trials
