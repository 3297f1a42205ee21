import process from "node:process";
import ky from "ky";

interface Echo {
  method: string;
  path: string;
  body: string;
}

const data = await ky.post(`${process.argv[2]}/ky`, { json: { bird: "curlew" } }).json<Echo>();
console.log(data.method, data.path, data.body);
