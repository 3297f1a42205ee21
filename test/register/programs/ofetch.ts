import process from "node:process";
import { ofetch } from "ofetch";

const body = { bird: "curlew" };
const data = await ofetch("/ofetch", { baseURL: process.argv[2]!, method: "PUT", body });
console.log(data.method, data.path, data.body);
