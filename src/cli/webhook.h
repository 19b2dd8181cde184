// Posts a document to a URL. The only part of pgbelay that speaks HTTP.
#pragma once

#include <chrono>
#include <functional>
#include <string>

namespace pgbelay::cli {

// "" when it was taken (any status of 2xx), else why not, without the URL, which is a secret. Gives up after `time`, and soon after
// `given_up` says true. Follows no redirection: what is posted is for the one who was named.
std::string post_json(const std::string& url, const std::string& body, std::chrono::milliseconds time,
                      const std::function<bool()>& given_up);

}  // namespace pgbelay::cli
