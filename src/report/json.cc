#include "report/json.h"

#include "report/redact.h"

namespace pgbelay::report {

std::string dump(const Json& document) {
    return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string dump_line(const Json& document) {
    return document.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

Json or_null(const std::string& text) {
    return text.empty() ? Json(nullptr) : Json(text);
}

Json relation(const sql::QualifiedName& name) {
    return name.schema.empty() ? name.name : name.schema + "." + name.name;
}

Json health_json(const engine::Health& health) {
    Json json{{"section", health.section}, {"far", health.far()}, {"figures", Json::array()}};
    for (const engine::HealthFigure& figure : health.figures) {
        json["figures"].push_back({{"name", figure.name},
                                   {"now", figure.now},
                                   {"before", figure.before ? Json(*figure.before) : Json(nullptr)},
                                   {"far", figure.far}});
    }
    return json;
}

Json error_json(const base::Error& error) {
    const base::Place& place = error.place();
    Json json;
    json["code"] = std::string(base::to_string(error.code()));
    json["message"] = redact(error.message());
    json["file"] = or_null(place.file);
    json["line"] = place.line == 0 ? Json(nullptr) : Json(place.line);
    json["column"] = place.column == 0 ? Json(nullptr) : Json(place.column);
    json["detail"] = or_null(redact(error.detail()));
    json["cause"] = or_null(redact(error.cause()));
    json["hint"] = or_null(redact(error.hint()));
    json["sqlstate"] = or_null(error.sqlstate());
    return json;
}

Json error_document(const base::Error& error) {
    Json json;
    json["error"] = error_json(error);
    return json;
}

}  // namespace pgbelay::report
