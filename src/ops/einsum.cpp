// Einstein's summation: operands are multiplied from left to right, each product one matmul of axes that
// stand in both and stay (the batch), in both and go (summed), and in one alone.
#include <algorithm>
#include <string>
#include <vector>

#include "chainrule/linalg.h"
#include "chainrule/ops.h"
#include "core/utf8.h"
#include "ops/op.h"

namespace chainrule {
namespace {

/// An axis of an operand: a letter, or, below 0, an axis of "...", counted from its end.
using Label = int;
using Labels = std::vector<Label>;

struct Term {
  Tensor tensor;
  Labels labels;  // each once, in the order of the axes

  std::int64_t size(Label label) const { return tensor.shape()[axis(label)]; }
  int axis(Label label) const {
    return static_cast<int>(std::find(labels.begin(), labels.end(), label) - labels.begin());
  }
};

bool has(const Labels& labels, Label label) {
  return std::find(labels.begin(), labels.end(), label) != labels.end();
}

std::string name_of_label(Label label) {
  return label < 0 ? "..." : std::string(1, static_cast<char>(label));
}

class Equation {
 public:
  Equation(std::string_view text, std::span<const Tensor> operands) : text_(text) {
    std::string plain;
    for (const char c : text) {
      if (c != ' ') plain += c;
    }
    const std::size_t arrow = plain.find("->");
    const std::string left = plain.substr(0, arrow);
    std::size_t start = 0;
    for (const Tensor& operand : operands) {
      if (start > left.size()) throw wrong_count(operands.size());
      const std::size_t comma = std::min(left.find(',', start), left.size());
      read_operand(left.substr(start, comma - start), operand);
      start = comma + 1;
    }
    if (start <= left.size() || operands.empty()) throw wrong_count(operands.size());
    output_ =
        arrow == std::string::npos ? implicit_output() : read_labels(plain.substr(arrow + 2), ellipsis_);
    for (std::size_t i = 0; i < output_.size(); ++i) {
      const Label label = output_[i];
      const bool known = std::any_of(terms_.begin(), terms_.end(),
                                     [label](const Term& term) { return has(term.labels, label); });
      if (!known) throw unreadable(cat("the output's '", name_of_label(label), "' is in no operand"));
      if (std::count(output_.begin(), output_.end(), label) > 1) {
        throw unreadable(cat("the output has '", name_of_label(label), "' twice"));
      }
    }
  }

  std::vector<Term>& terms() { return terms_; }
  const Labels& output() const { return output_; }

 private:
  ValueError unreadable(const std::string& what) const {
    return op_error<ValueError>(115, cat("\"", text_, "\": ", what, "."));
  }
  ValueError wrong_count(std::size_t operands) const {
    const auto wanted =
        std::count(text_.begin(),
                   text_.begin() + static_cast<std::ptrdiff_t>(std::min(text_.find("->"), text_.size())),
                   ',') +
        1;
    return unreadable(cat("it has ", wanted, " operand(s), ", operands, " given"));
  }

  /// @param ellipsis  how many axes "..." stands for.
  Labels read_labels(std::string_view text, int ellipsis) const {
    Labels labels;
    for (std::size_t i = 0; i < text.size(); ++i) {
      const char c = text[i];
      if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
        labels.push_back(c);
      } else if (text.substr(i, 3) == "...") {
        for (int axis = ellipsis; axis > 0; --axis) labels.push_back(-axis);
        i += 2;
      } else {
        throw unreadable(cat("'", text.substr(i, std::max<std::size_t>(utf8_bytes(text.substr(i)), 1)),
                             "' is no letter, comma, arrow or ellipsis"));
      }
    }
    return labels;
  }

  void read_operand(std::string_view text, const Tensor& operand) {
    const bool has_ellipsis = text.find("...") != std::string_view::npos;
    const int letters = static_cast<int>(read_labels(text, 0).size());
    const int ellipsis = has_ellipsis ? operand.ndim() - letters : 0;
    if (ellipsis < 0 || letters + ellipsis != operand.ndim()) {
      throw op_error<ShapeError>(116, cat("\"", text_, "\": operand ", terms_.size(), " has shape ",
                                          operand.shape(), ", \"", text, "\" speaks of ", letters, " axes."));
    }
    ellipsis_ = std::max(ellipsis_, ellipsis);
    terms_.push_back(with_diagonals({operand, read_labels(text, ellipsis)}));
    check_sizes();
  }

  /// Letters that stand twice: the diagonal of their axes.
  Term with_diagonals(Term term) const {
    for (std::size_t i = 0; i < term.labels.size(); ++i) {
      for (std::size_t j = i + 1; j < term.labels.size(); ++j) {
        if (term.labels[i] != term.labels[j]) continue;
        const int first = static_cast<int>(i), second = static_cast<int>(j);
        if (term.tensor.shape()[first] != term.tensor.shape()[second]) {
          throw op_error<ShapeError>(
              116, cat("\"", text_, "\": '", name_of_label(term.labels[i]), "' stands for ",
                       term.tensor.shape()[first], " and ", term.tensor.shape()[second], " in operand ",
                       terms_.size(), "."));
        }
        std::vector<int> order;
        for (int axis = 0; axis < term.tensor.ndim(); ++axis) {
          if (axis != first && axis != second) order.push_back(axis);
        }
        order.insert(order.end(), {first, second});
        term.tensor = diagonal(permute(term.tensor, order));
        const Label label = term.labels[i];
        term.labels.erase(term.labels.begin() + second);
        term.labels.erase(term.labels.begin() + first);
        term.labels.push_back(label);
        return with_diagonals(std::move(term));
      }
    }
    return term;
  }

  /// The newest operand against those before it.
  void check_sizes() const {
    const Term& newest = terms_.back();
    for (std::size_t i = 0; i + 1 < terms_.size(); ++i) {
      for (const Label label : newest.labels) {
        if (!has(terms_[i].labels, label)) continue;
        const std::int64_t a = terms_[i].size(label), b = newest.size(label);
        if (a == b || (label < 0 && (a == 1 || b == 1))) continue;
        throw op_error<ShapeError>(
            116, cat("\"", text_, "\": '", name_of_label(label), "' stands for ", a, " in operand ", i,
                     " and ", b, " in operand ", terms_.size() - 1, "."));
      }
    }
  }

  Labels implicit_output() const {
    Labels all, output;
    for (const Term& term : terms_) all.insert(all.end(), term.labels.begin(), term.labels.end());
    for (int axis = ellipsis_; axis > 0; --axis) output.push_back(-axis);
    std::string left(text_.begin(), text_.end());
    for (Label label = 'A'; label <= 'z'; ++label) {
      if (has(all, label) && std::count(left.begin(), left.end(), static_cast<char>(label)) == 1) {
        output.push_back(label);
      }
    }
    return output;
  }

  std::string_view text_;
  std::vector<Term> terms_;
  Labels output_;
  int ellipsis_ = 0;
};

/// The term without the axes that `keep` lacks.
Term summed(Term term, const Labels& keep) {
  std::vector<int> axes;
  Labels left;
  for (const Label label : term.labels) {
    if (has(keep, label)) {
      left.push_back(label);
    } else {
      axes.push_back(term.axis(label));
    }
  }
  if (!axes.empty()) term.tensor = sum(term.tensor, Axes(std::span<const int>(axes)));
  term.labels = std::move(left);
  return term;
}

/// The term's axes in the order of the labels, with size 1 for those it lacks.
Tensor arranged(const Term& term, const Labels& order) {
  std::vector<int> axes;
  std::vector<std::int64_t> sizes;
  for (const Label label : order) {
    const bool there = has(term.labels, label);
    if (there) axes.push_back(term.axis(label));
    sizes.push_back(there ? term.size(label) : 1);
  }
  return reshape(permute(term.tensor, axes), Shape(std::span<const std::int64_t>(sizes)));
}

Labels joined(std::initializer_list<const Labels*> parts) {
  Labels all;
  for (const Labels* part : parts) all.insert(all.end(), part->begin(), part->end());
  return all;
}

/// The product of two terms, summed over what `keep` lacks.
class Product {
 public:
  Product(const Term& a, const Term& b, const Labels& keep) {
    for (const Label label : a.labels) {
      (!has(b.labels, label) ? rows_ : has(keep, label) ? batch_ : inner_).push_back(label);
    }
    for (const Label label : b.labels) {
      if (!has(a.labels, label)) columns_.push_back(label);
    }
    const Labels all = joined({&batch_, &rows_, &columns_});
    // Axes of "..." may be broadcast, and whole numbers have no matmul: then plain products and a sum.
    const bool plain =
        inner_.empty() || !has_gradient(a.tensor.dtype()) || !has_gradient(b.tensor.dtype()) ||
        std::any_of(batch_.begin(), batch_.end(), [&](Label l) { return a.size(l) != b.size(l); });
    if (plain) {
      const Labels with_inner = joined({&all, &inner_});
      result = summed({arranged(a, with_inner) * arranged(b, with_inner), with_inner}, all);
      return;
    }
    const Tensor left = reshape(arranged(a, joined({&batch_, &rows_, &inner_})),
                                Shape{count(a, batch_), count(a, rows_), count(a, inner_)});
    const Tensor right = reshape(arranged(b, joined({&batch_, &inner_, &columns_})),
                                 Shape{count(b, batch_), count(b, inner_), count(b, columns_)});
    std::vector<std::int64_t> sizes;
    for (const Label label : all) sizes.push_back(has(a.labels, label) ? a.size(label) : b.size(label));
    result = {reshape(matmul(left, right), Shape(std::span<const std::int64_t>(sizes))), all};
  }

  Term result;

 private:
  static std::int64_t count(const Term& term, const Labels& labels) {
    std::int64_t product = 1;
    for (const Label label : labels) product *= term.size(label);
    return product;
  }

  Labels batch_, rows_, columns_, inner_;
};

}  // namespace

Tensor einsum(std::string_view equation, std::span<const Tensor> operands, Location where) {
  const OpScope scope("einsum", where);
  Equation parsed(equation, operands);
  std::vector<Term>& terms = parsed.terms();
  Term product;
  for (std::size_t i = 0; i < terms.size(); ++i) {
    // What the operands from i on, and the output, still need.
    Labels later = parsed.output();
    for (std::size_t j = i + 1; j < terms.size(); ++j) {
      later.insert(later.end(), terms[j].labels.begin(), terms[j].labels.end());
    }
    if (i == 0) {
      product = summed(std::move(terms[0]), later);
      continue;
    }
    const Labels beside_b = joined({&later, &terms[i].labels});
    const Labels beside_a = joined({&later, &product.labels});
    product =
        Product(summed(std::move(product), beside_b), summed(std::move(terms[i]), beside_a), later).result;
    product = summed(std::move(product), later);
  }
  return arranged(product, parsed.output());
}

Tensor einsum(std::string_view equation, std::initializer_list<Tensor> operands, Location where) {
  return einsum(equation, std::span(operands.begin(), operands.size()), where);
}

}  // namespace chainrule
