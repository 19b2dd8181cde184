// The examples of docs/runbook.md: what the reference shows is what the tests run.
#pragma once

#include <string>
#include <vector>

namespace pgbelay::test {

struct DocFence {
    int line = 0;         // of its opening, in the document
    std::string info;     // "markdown", "yaml", "sql sql/001.sql"
    std::string content;  // with a newline after each line
};

// The fences at the start of a line, in order. A fence of four backquotes holds one of three.
std::vector<DocFence> doc_fences(const std::string& text);

}  // namespace pgbelay::test
