# Tracing.
{ lib }:
rec {
  traceVal = x: builtins.trace x x;
  traceValFn = f: x: builtins.trace (f x) x;
  traceIf = pred: msg: x: if pred then builtins.trace msg x else x;
  traceSeq = x: y: builtins.trace (builtins.deepSeq x x) y;
  traceSeqN = depth: x: y: builtins.trace (lib.generators.toPretty { } (lib.generators.withRecursion { depthLimit = depth; throwOnDepthLimit = false; } x)) y;
  traceValSeq = x: traceSeq x x;
  traceValSeqN = depth: x: traceSeqN depth x x;
  runTests =
    tests:
    lib.concatMap (
      name:
      let
        t = tests.${name};
      in
      lib.optional (t.expr != t.expected) {
        inherit name;
        inherit (t) expected;
        result = t.expr;
      }
    ) (builtins.filter (lib.hasPrefix "test") (builtins.attrNames tests));
}
