// The vendored charts, named in one place: another version is another file.

export * from "../vendor/lightweight-charts/lightweight-charts-5.2.1.mjs";
