// check-errors: E090 E092 E093 E096 E097 E098
// Recursive descent over the grammar
//
//     program   = { name "=" sum ";" } [ name "=" ] sum [ ";" ]
//     sum       = product { ("+" | "-") product }
//     product   = unary { ("*" | "/") unary }
//     unary     = ("+" | "-") unary | power
//     power     = atom [ "^" unary ]                 so that -x^2 is -(x^2), and 2^-x works
//     atom      = number | name | name "(" sum { "," sum } ")" | "(" sum ")"
#include <map>
#include <numbers>

#include "core/nearest.h"
#include "core/text.h"
#include "explain/expression.h"
#include "explain/functions.h"
#include "explain/source.h"
#include "explain/token.h"

namespace chainrule::explain {
namespace {

constexpr int kMaxDepth = 200;
constexpr std::size_t kMaxBytes = 1 << 16;

bool is_constant(std::string_view name) { return name == "pi" || name == "e"; }

std::string shown(const Token& token) {
  return token.kind == Token::Kind::end ? "the end" : cat("'", token.text, "'");
}

}  // namespace

class Parser {
 public:
  Parser(Expression& expression, std::string_view text)
      : made_(expression), text_(text), tokens_(tokens(text)) {}

  void program() {
    if (now().kind == Token::Kind::end) throw error(90, "the expression is empty.", now());
    bool ended = false;
    while (!ended) {
      std::string name;
      if (now().kind == Token::Kind::name && tokens_[next_ + 1].is('=')) name = binding_name();
      const Token start = now();
      const int term = sum();
      const bool more = take(';') && now().kind != Token::Kind::end;
      if (!more && now().kind != Token::Kind::end) throw stray(now());
      if (more && name.empty()) throw error(90, "this value gets no name. Write NAME = ... ;", start);
      if (!name.empty() && name_of(term).empty()) name_of(term) = name;
      if (more) {
        bindings_[name].term = term;
      } else {
        made_.result_ = term;
        made_.result_name_ = name;
      }
      ended = !more;
    }
    if (!made_.result_name_.empty()) bindings_.erase(made_.result_name_);
    for (const auto& [name, binding] : bindings_) {
      if (binding.term < 0 || binding.used) continue;
      throw error(97, cat("'", name, "' is never used. Use it in what follows, or take it out."),
                  {Token::Kind::name, text_.substr(binding.position, name.size()), binding.position});
    }
  }

 private:
  struct Binding {
    int term = -1;  // while its own value is read
    std::size_t position = 0;
    bool used = false;
  };

  const Token& now() const { return tokens_[next_]; }
  bool take(char symbol) {
    if (!now().is(symbol)) return false;
    ++next_;
    return true;
  }
  std::string& name_of(int term) { return made_.terms_[static_cast<std::size_t>(term)].name; }

  ExpressionError error(int code, std::string_view what, const Token& token) const {
    return mistake(code, what, text_, token.position, token.text.size());
  }

  /// For a word where an operator or the end should stand.
  ExpressionError stray(const Token& token) const {
    if (token.is('=')) return error(90, "only a name can stand before '=', as in t = x + 1;", token);
    if (token.is(')')) return error(90, "this ) closes nothing.", token);
    if (token.is(',')) return error(90, "a comma stands only between the arguments of a function.", token);
    const Token& before = tokens_[next_ - 1];
    return error(
        90,
        cat("an operator is missing before ", shown(token), ". A product is written ",
            before.is(')') ? "(...)" : before.text, " * ", token.text, token.is('(') ? "...)." : "."),
        token);
  }

  std::string binding_name() {
    const Token& token = now();
    const std::string name(token.text);
    if (is_constant(name) || find_function(name)) {
      throw error(
          96, cat("'", name, "' is a ", is_constant(name) ? "constant" : "function", ". Take another name."),
          token);
    }
    if (bindings_.count(name))
      throw error(96, cat("'", name, "' has a value already. Take another name."), token);
    if (variables_.count(name)) {
      throw error(96, cat("'", name, "' was used as a variable before. Take another name."), token);
    }
    bindings_[name] = {-1, token.position, false};
    next_ += 2;
    return name;
  }

  int add(Term term) {
    made_.terms_.push_back(std::move(term));
    return static_cast<int>(made_.terms_.size()) - 1;
  }
  int operation(std::string op, std::vector<int> inputs, const Token& token,
                const Function* function = nullptr) {
    Term term;
    term.op = std::move(op);
    term.inputs = std::move(inputs);
    term.function = function;
    term.position = token.position;
    return add(std::move(term));
  }

  int sum() {
    int left = product();
    while (now().is('+') || now().is('-')) {
      const Token op = tokens_[next_++];
      left = operation(std::string(op.text), {left, product()}, op);
    }
    return left;
  }

  int product() {
    int left = unary();
    while (now().is('*') || now().is('/')) {
      const Token op = tokens_[next_++];
      if (op.is('*') && now().is('*')) throw error(90, "a power is written with ^, as in x^2.", op);
      left = operation(std::string(op.text), {left, unary()}, op);
    }
    return left;
  }

  int unary() {
    if (++depth_ > kMaxDepth)
      throw error(98, cat("more than ", kMaxDepth, " levels stand in one another."), now());
    const Token op = now();
    int term = 0;
    if (take('-')) {
      term = negative(unary(), op);
    } else {
      term = take('+') ? unary() : power();
    }
    --depth_;
    return term;
  }

  /// A minus before a number makes another number, not an operation.
  int negative(int input, const Token& op) {
    Term& term = made_.terms_[static_cast<std::size_t>(input)];
    if (term.kind != Node::Kind::number || !term.name.empty()) return operation("neg", {input}, op);
    term.number = -term.number;
    term.number_text = term.number_text[0] == '-' ? term.number_text.substr(1) : cat("-", term.number_text);
    return input;
  }

  int power() {
    const int base = atom();
    if (!now().is('^')) return base;
    const Token op = tokens_[next_++];
    return operation("^", {base, unary()}, op);
  }

  int atom() {
    const Token token = now();
    if (token.kind == Token::Kind::number) {
      ++next_;
      return number(token.number, token);
    }
    if (token.kind == Token::Kind::name) {
      ++next_;
      return now().is('(') ? call(token) : named(token);
    }
    if (!take('('))
      throw error(90, cat("a number, a name or ( is missing before ", shown(token), "."), token);
    const int inside = sum();
    close(token);
    return inside;
  }

  void close(const Token& open) {
    if (take(')')) return;
    if (now().kind == Token::Kind::end || now().is(';')) throw error(90, "this ( is never closed.", open);
    throw stray(now());
  }

  int number(double value, const Token& token) {
    Term term;
    term.kind = Node::Kind::number;
    term.number = value;
    term.number_text = token.text;
    term.position = token.position;
    return add(std::move(term));
  }

  int named(const Token& token) {
    const std::string name(token.text);
    if (const auto bound = bindings_.find(name); bound != bindings_.end()) {
      if (bound->second.term < 0) throw error(96, cat("'", name, "' is used in its own value."), token);
      bound->second.used = true;
      return bound->second.term;
    }
    if (name == "pi") return number(std::numbers::pi, token);
    if (name == "e") return number(std::numbers::e, token);
    if (find_function(name)) {
      throw error(90,
                  cat("'", name, "' is a function: write ", name, "(...). A variable needs another name."),
                  token);
    }
    if (const auto known = variables_.find(name); known != variables_.end()) return known->second;
    Term term;
    term.kind = Node::Kind::variable;
    term.name = name;
    term.position = token.position;
    return variables_[name] = add(std::move(term));
  }

  int call(const Token& token) {
    const std::string name(token.text);
    const Function* function = find_function(name);
    if (!function) throw not_a_function(token);
    const Token open = tokens_[next_++];
    std::vector<int> inputs;
    if (!now().is(')')) {
      do inputs.push_back(sum());
      while (take(','));
    }
    close(open);
    const auto arity = static_cast<std::size_t>(function->arity);
    if (inputs.size() != arity) {
      throw error(93,
                  cat("'", name, "' takes ", arity, arity == 1 ? " argument" : " arguments", ", here are ",
                      inputs.size(), "."),
                  token);
    }
    return operation(name, std::move(inputs), token, function);
  }

  ExpressionError not_a_function(const Token& token) const {
    const std::string name(token.text);
    // Short names are near to many; a factor is more likely than a typo.
    const bool is_factor = variables_.count(name) || bindings_.count(name) || name.size() < 2;
    if (is_factor || is_constant(name)) {
      return error(92, cat("'", name, "' is not a function. A product is written ", name, " * (...)."),
                   token);
    }
    if (const std::string reason = reason_against(name); !reason.empty()) {
      return error(92, cat("'", name, "' ", reason, "."), token);
    }
    std::string near = nearest(name, function_names());
    if (name == "ln") near = "log";
    std::string known;
    for (const std::string& each : function_names()) known.append(" ").append(each);
    return error(92,
                 cat("unknown function '", name, "'.",
                     near.empty() ? cat(" Known are:", known, ".") : did_you_mean(near)),
                 token);
  }

  Expression& made_;
  std::string_view text_;
  std::vector<Token> tokens_;
  std::size_t next_ = 0;
  int depth_ = 0;
  std::map<std::string, int> variables_;
  std::map<std::string, Binding> bindings_;
};

Expression::Expression(std::string_view text) : text_(text) {
  if (text.size() > kMaxBytes) {
    throw ExpressionError(
        98, cat("[explain] the expression has ", text.size(), " bytes, more than ", kMaxBytes, "."),
        kMaxBytes);
  }
  Parser(*this, text_).program();
}

}  // namespace chainrule::explain
