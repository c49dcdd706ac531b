// A kind of origin: what differs between an API that is declared by its URL, the providers of books, and a
// language model. Everything else of asking is alike for all (fetch.h, engine/origin_gate.h). A new kind is a
// class here and a row of kind_of().
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "origin/exchange.h"
#include "origin/fetch.h"

namespace larder::origin {

// What a request costs.
enum class Price : std::uint8_t {
  none,
  counted,  // money: the day's bound of spending is asked before, and what it cost is written down
};

class Kind {
 public:
  virtual ~Kind() = default;

  // What failures and politeness are counted by.
  virtual std::string name(const config::Resource& resource, std::size_t provider) const = 0;
  // What errors say they come from.
  virtual std::string_view source(const config::Resource& resource, std::size_t provider) const = 0;
  // As origin::providers_asked.
  virtual std::vector<std::size_t> providers_asked(const config::Resource& resource,
                                                   const config::Settings& settings) const;
  // As origin::polite_rate.
  virtual std::uint32_t polite_rate(const config::Resource& resource, std::size_t provider,
                                    const config::Settings& settings) const;

  // The request, or an answer that needs no asking.
  virtual OriginResult<Prepared> prepare(host::Host& host, const config::Resource& resource,
                                         const config::Settings& settings, const Wanted& wanted) const = 0;
  // What a reply means. `asked`: the request that it answers, behind all redirects.
  virtual OriginResult<Fetched> read(host::Host& host, const config::Resource& resource,
                                     const config::Settings& settings, const Wanted& wanted,
                                     const Request& asked, WireReply reply) const = 0;

  // Whether a refusal says that the origin is unwell. What it says about one request (a refused query, an
  // unreadable reply) says nothing about the next.
  virtual bool is_unwell(const Refusal& refusal) const;
  virtual Price price() const { return Price::none; }
};

// Kind::is_unwell of the deployment's model, whatever it was asked about: one that answers nonsense costs as
// much as one that answers.
bool is_model_unwell(const Refusal& refusal);

// Of the resource's origin. Lives for ever.
const Kind& kind_of(const config::Resource& resource);

}  // namespace larder::origin
