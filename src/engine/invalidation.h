// What an unsafe method makes wrong (RFC 9111 §4.4), and which groups an answer is of (RFC 9875): tags by
// which entries in mode http are known beside those that are declared.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "config/control_log.h"
#include "config/declaration.h"
#include "entry/key.h"
#include "http/message.h"

namespace larder::engine {

// Of the resource at an origin's URL, whatever its query: "/items" and all of its pages change together.
// nullopt: it is no URL of http or https.
std::optional<std::string> url_tag(std::string_view url, const entry::Sha256& sha256);

// Of the groups that Cache-Groups names, at most limit::cache_groups_max. A field that is no list of strings
// names none.
std::vector<std::string> group_tags(const config::Resource& resource, const http::Fields& response,
                                    const entry::Sha256& sha256);

// What an answer to an unsafe request to `url` that succeeded purges: the target, what Location and
// Content-Location name on the same origin, and the groups of Cache-Group-Invalidation.
std::vector<config::Purge> invalidated(const config::Resource& resource, std::string_view url,
                                       const http::Fields& response, const entry::Sha256& sha256);

}  // namespace larder::engine
