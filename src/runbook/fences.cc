#include "runbook/fences.h"

#include "runbook/text.h"

#include <cmark.h>

#include <algorithm>
#include <memory>

namespace pgbelay::runbook {
namespace {

struct FreeNode {
    void operator()(cmark_node* node) const { cmark_node_free(node); }
};
using Document = std::unique_ptr<cmark_node, FreeNode>;

struct FreeIterator {
    void operator()(cmark_iter* iterator) const { cmark_iter_free(iterator); }
};
using Iterator = std::unique_ptr<cmark_iter, FreeIterator>;

std::string text_of(cmark_node* heading) {
    std::string text;
    const Iterator iterator(cmark_iter_new(heading));
    for (cmark_event_type event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(iterator.get())) {
        cmark_node* node = cmark_iter_get_node(iterator.get());
        const cmark_node_type type = cmark_node_get_type(node);
        if (event == CMARK_EVENT_ENTER && (type == CMARK_NODE_TEXT || type == CMARK_NODE_CODE)) {
            text += cmark_node_get_literal(node);
        } else if (event == CMARK_EVENT_ENTER && (type == CMARK_NODE_SOFTBREAK || type == CMARK_NODE_LINEBREAK)) {
            text += ' ';
        }
    }
    return text;
}

// The run of fence characters with which a line goes on after `offset`.
std::string_view fence_run(std::string_view line, std::size_t offset) {
    const char character = offset < line.size() ? line[offset] : ' ';
    if (character != '`' && character != '~') {
        return {};
    }
    const std::size_t end = std::min(line.find_first_not_of(character, offset), line.size());
    return line.substr(offset, end - offset);
}

class FenceReader {
public:
    FenceReader(std::string_view text, const std::string& file, int first_line)
        : text_(text), lines_(split_lines(text)), file_(file), first_line_(first_line) {}

    std::vector<Fence> read() {
        const Document document(cmark_parse_document(text_.data(), text_.size(), CMARK_OPT_DEFAULT));
        const Iterator iterator(cmark_iter_new(document.get()));
        for (cmark_event_type event = cmark_iter_next(iterator.get()); event != CMARK_EVENT_DONE; event = cmark_iter_next(iterator.get())) {
            if (event == CMARK_EVENT_ENTER) {
                visit(cmark_iter_get_node(iterator.get()));
            }
        }
        return std::move(fences_);
    }

private:
    void visit(cmark_node* node) {
        const cmark_node_type type = cmark_node_get_type(node);
        if (type == CMARK_NODE_HEADING && cmark_node_get_type(cmark_node_parent(node)) == CMARK_NODE_DOCUMENT) {
            heading_ = text_of(node);
        } else if (type == CMARK_NODE_CODE_BLOCK) {
            visit_code(node);
        }
    }

    std::string_view line(int number) const {
        const auto index = static_cast<std::size_t>(number) - 1;
        return number >= 1 && index < lines_.size() ? lines_[index] : std::string_view();
    }

    // cmark gives the column of the block, which may have up to three spaces before the fence.
    std::size_t fence_offset(cmark_node* node) const {
        const auto column = static_cast<std::size_t>(std::max(cmark_node_get_start_column(node), 1));
        return std::min(line(cmark_node_get_start_line(node)).find_first_not_of(" \t", column - 1),
                        line(cmark_node_get_start_line(node)).size());
    }

    // An indented code block whose first line looks like a fence: that line is part of its text.
    static bool indented(cmark_node* node, std::string_view first_line) {
        const std::string_view info = cmark_node_get_fence_info(node);
        const std::string_view literal = cmark_node_get_literal(node);
        return info.empty() && literal.starts_with(first_line);
    }

    void visit_code(cmark_node* node) {
        const int start = cmark_node_get_start_line(node);
        const std::size_t offset = fence_offset(node);
        const std::string_view run = fence_run(line(start), offset);
        if (run.size() < 3 || indented(node, line(start).substr(offset))) {
            return;
        }
        Fence fence;
        fence.place = {file_, first_line_ + start - 1, column_at(line(start), offset)};
        fence.heading = heading_;
        for (cmark_node* parent = cmark_node_parent(node); parent != nullptr; parent = cmark_node_parent(parent)) {
            fence.in_list |= cmark_node_get_type(parent) == CMARK_NODE_ITEM;
            fence.in_quote |= cmark_node_get_type(parent) == CMARK_NODE_BLOCK_QUOTE;
        }
        const std::string_view info = line(start).substr(offset + run.size());
        fence.info = trim(info);
        fence.info_column = column_at(line(start), offset + run.size() + std::min(info.find_first_not_of(" \t"), info.size()));
        fence.content = cmark_node_get_literal(node);
        require_end(node, run, fence.place);
        fences_.push_back(std::move(fence));
    }

    // CommonMark closes an open fence at the end of what contains it, without a word.
    void require_end(cmark_node* node, std::string_view run, const base::Place& place) const {
        const int end = cmark_node_get_end_line(node);
        const std::string_view last = line(end);
        const std::size_t offset = std::min(last.find_first_not_of(" \t>"), last.size());
        const std::string_view closing = fence_run(last, offset);
        const bool closes = end > cmark_node_get_start_line(node) && closing.size() >= run.size() && closing.front() == run.front() &&
                            trim(last.substr(offset + closing.size())).empty();
        const std::string_view content = cmark_node_get_literal(node);
        const auto content_lines = std::count(content.begin(), content.end(), '\n');
        if (!closes || end != cmark_node_get_start_line(node) + static_cast<int>(content_lines) + 1) {
            throw input_error("this fence does not end", place)
                .hint("close it with a line of " + std::string(run) + ", or all that follows is inside it");
        }
    }

    std::string_view text_;
    std::vector<std::string_view> lines_;
    std::string file_;
    int first_line_;
    std::string heading_;
    std::vector<Fence> fences_;
};

}  // namespace

std::vector<Fence> read_fences(std::string_view text, const std::string& file, int first_line) {
    return FenceReader(text, file, first_line).read();
}

}  // namespace pgbelay::runbook
