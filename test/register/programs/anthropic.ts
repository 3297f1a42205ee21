import process from "node:process";
import Anthropic from "@anthropic-ai/sdk";

const client = new Anthropic({ apiKey: "key", baseURL: process.argv[2]!, maxRetries: 0 });
const messages = [{ role: "user" as const, content: "Which bird?" }];
const stream = client.messages.stream({ model: "m", max_tokens: 10, messages });
const words: string[] = [];
stream.on("text", (text) => void words.push(text));
await stream.finalMessage();
console.log(words.join("|"));
