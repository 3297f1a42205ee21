import process from "node:process";
import OpenAI from "openai";

const client = new OpenAI({ apiKey: "key", baseURL: `${process.argv[2]}/v1`, maxRetries: 0 });
const messages = [{ role: "user" as const, content: "Which bird?" }];
const words: string[] = [];
for await (
  const part of await client.chat.completions.create({ model: "m", messages, stream: true })
) {
  words.push(part.choices[0]?.delta.content ?? "");
}
console.log(words.join("|"));
