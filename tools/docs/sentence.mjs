/** The first sentence of a paragraph, in one line; a colon at its end becomes a full stop. */
export function firstSentence(paragraph) {
  const [sentence] = /^[^]*?(?:\.(?=\s|$)|$)/.exec(paragraph.trim());
  return sentence.replaceAll(/\s+/g, " ").replace(/:$/, ".");
}
