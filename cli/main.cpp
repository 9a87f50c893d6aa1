#include <cstdio>

int main() { std::puts("chainrule"); }
