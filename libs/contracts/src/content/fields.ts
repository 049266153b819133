/** Fields that hold signatures, hashes and encrypted content: long base64 that is neither media nor words. */
export const OPAQUE_FIELDS =
  /^(thought|thinking|reasoning)?_?signature$|^encrypted|^(redacted|reasoning_?encrypted)_?(data|content)$|^sha\d+$|^integrity$/i;
