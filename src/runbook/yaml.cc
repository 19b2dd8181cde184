#include "runbook/yaml.h"

#include "runbook/text.h"

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <optional>
#include <sstream>

namespace pgbelay::runbook {
namespace {

// `010`, `0o10`: eight or ten, depending on the reader. `0`, `0.5` and `0x10` are what they look like.
bool octal(std::string_view text) {
    if (text.starts_with('-') || text.starts_with('+')) {
        text.remove_prefix(1);
    }
    return text.size() > 1 && text.front() == '0' && (all_digits(text) || text[1] == 'o');
}

// Where yaml-cpp's marks (bytes, from 0) stand in the user's file.
class Marks {
public:
    Marks(std::string_view text, const std::string& file, int first_line)
        : lines_(split_lines(text)), file_(file), first_line_(first_line) {}

    base::Place place(const YAML::Mark& mark) const {
        if (mark.is_null()) {
            return {file_, first_line_, 1};
        }
        const auto line = static_cast<std::size_t>(mark.line);
        const auto offset = static_cast<std::size_t>(mark.column);
        const int column = line < lines_.size() ? column_at(lines_[line], offset) : 1;
        return {file_, first_line_ + mark.line, column};
    }

private:
    std::vector<std::string_view> lines_;
    std::string file_;
    int first_line_;
};

class TreeBuilder : public YAML::EventHandler {
public:
    explicit TreeBuilder(const Marks& marks) : marks_(marks) {}

    std::optional<YamlNode>& root() { return root_; }

    void OnDocumentStart(const YAML::Mark&) override {}
    void OnDocumentEnd() override {}

    void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
        refuse_anchor(mark, anchor);
        add({.kind = YamlNode::Kind::null, .place = marks_.place(mark)});
    }

    void OnAlias(const YAML::Mark& mark, YAML::anchor_t) override {
        throw input_error("aliases are not read in front matter", marks_.place(mark)).hint("write the value out");
    }

    void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, const std::string& value) override {
        constexpr std::string_view kPlain = "?";
        refuse_anchor(mark, anchor);
        if (tag != kPlain && tag != "!" && !tag.empty()) {
            throw input_error("tags are not read in front matter", marks_.place(mark)).hint("remove it");
        }
        if (tag != "!" && octal(value)) {
            throw input_error(fmt::format("\"{}\" is octal for some readers and decimal for others", value), marks_.place(mark))
                .hint("write it without the leading zero, or in quotes if it is no number");
        }
        add({.kind = YamlNode::Kind::scalar, .place = marks_.place(mark), .scalar = value});
    }

    void OnSequenceStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        refuse_anchor(mark, anchor);
        open_.push_back({.node = {.kind = YamlNode::Kind::sequence, .place = marks_.place(mark)}});
    }
    void OnSequenceEnd() override { close(); }

    void OnMapStart(const YAML::Mark& mark, const std::string&, YAML::anchor_t anchor, YAML::EmitterStyle::value) override {
        refuse_anchor(mark, anchor);
        open_.push_back({.node = {.kind = YamlNode::Kind::map, .place = marks_.place(mark)}});
    }
    void OnMapEnd() override { close(); }

private:
    struct Open {
        YamlNode node;
        std::optional<YamlNode> key;  // of a map: read, its value not yet
    };

    void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) const {
        if (anchor != YAML::NullAnchor) {
            throw input_error("anchors are not read in front matter", marks_.place(mark)).hint("write the value out where it is needed");
        }
    }

    void close() {
        YamlNode node = std::move(open_.back().node);
        open_.pop_back();
        add(std::move(node));
    }

    void add(YamlNode node) {
        if (open_.empty()) {
            root_ = std::move(node);
            return;
        }
        Open& parent = open_.back();
        if (parent.node.kind == YamlNode::Kind::sequence) {
            parent.node.sequence.push_back(std::move(node));
        } else if (!parent.key) {
            require_key(parent.node, node);
            parent.key = std::move(node);
        } else {
            // An absent value's mark is that of whatever follows it.
            node.place = node.kind == YamlNode::Kind::null ? parent.key->place : node.place;
            parent.node.map.emplace_back(std::move(*parent.key), std::move(node));
            parent.key.reset();
        }
    }

    static void require_key(const YamlNode& map, const YamlNode& key) {
        if (key.kind != YamlNode::Kind::scalar) {
            throw input_error("a key that is not a plain word", key.place);
        }
        if (key.scalar == "<<") {
            throw input_error("merge keys are not read in front matter", key.place).hint("write the values out");
        }
        for (const auto& entry : map.map) {
            if (entry.first.scalar == key.scalar) {
                throw input_error(fmt::format("\"{}\" occurs twice; the first is at line {}", key.scalar, entry.first.place.line),
                                  key.place)
                    .hint("keep one of them");
            }
        }
    }

    const Marks& marks_;
    std::vector<Open> open_;
    std::optional<YamlNode> root_;
};

}  // namespace

const YamlNode* YamlNode::find(std::string_view key) const {
    const auto entry = std::find_if(map.begin(), map.end(), [&](const auto& e) { return e.first.scalar == key; });
    return entry == map.end() ? nullptr : &entry->second;
}

YamlNode parse_yaml(std::string_view text, const std::string& file, int first_line) {
    const Marks marks(text, file, first_line);
    std::istringstream in{std::string(text)};
    try {
        YAML::Parser parser(in);
        TreeBuilder builder(marks);
        if (!parser.HandleNextDocument(builder) || !builder.root()) {
            return YamlNode{.place = {file, first_line, 1}};
        }
        TreeBuilder second(marks);
        if (parser.HandleNextDocument(second)) {
            throw input_error("a second YAML document in the front matter",
                              second.root() ? second.root()->place : base::Place{file, first_line, 1});
        }
        return std::move(*builder.root());
    } catch (const YAML::Exception& e) {
        throw input_error(e.msg, marks.place(e.mark)).hint("the front matter is YAML");
    }
}

}  // namespace pgbelay::runbook
