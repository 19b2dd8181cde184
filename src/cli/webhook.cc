#include "cli/webhook.h"

#include <curl/curl.h>
#include <fmt/core.h>

#include <memory>

namespace pgbelay::cli {

namespace {

constexpr std::chrono::seconds kConnecting{5};

// libcurl wants to be initialised once, before other threads use it.
const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);

struct FreeHandle {
    void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct FreeList {
    void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};

std::size_t ignore(char*, std::size_t size, std::size_t n, void*) {
    return size * n;
}

int look_up(void* given_up, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
    return (*static_cast<const std::function<bool()>*>(given_up))() ? 1 : 0;
}

}  // namespace

std::string post_json(const std::string& url, const std::string& body, std::chrono::milliseconds time,
                      const std::function<bool()>& given_up) {
    const std::unique_ptr<CURL, FreeHandle> handle(kInitialised == CURLE_OK ? curl_easy_init() : nullptr);
    if (handle == nullptr) {
        return "libcurl cannot be used";
    }
    const std::unique_ptr<curl_slist, FreeList> headers(curl_slist_append(nullptr, "Content-Type: application/json"));
    CURL* curl = handle.get();
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http,https");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers.get());
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, static_cast<long>(body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.c_str());
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, ignore);
    // Signals are the engine's: with this libcurl uses none for its timeouts.
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(std::chrono::milliseconds(kConnecting).count()));
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(time.count()));
    curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
    curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, look_up);
    curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &given_up);
    const CURLcode code = curl_easy_perform(curl);
    if (code != CURLE_OK) {
        // Its own message may name the host, which can be as secret as the rest; the code's cannot.
        return curl_easy_strerror(code);
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    return status >= 200 && status < 300 ? "" : fmt::format("it answered with status {}", status);
}

}  // namespace pgbelay::cli
