/**
 * Dates in the forms that curl takes: {@link https://curl.se/libcurl/c/curl_getdate.html}.
 *
 * @module
 */

import { dictionary } from "../../members.ts";

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const DAYS = /^(?:mon|tue|wed|thu|fri|sat|sun)(?:day|sday|nesday|rsday|urday)?$/;

/** The offset of each time zone, in minutes east of Greenwich. */
const ZONES: Readonly<Record<string, number>> = dictionary({
  gmt: 0,
  ut: 0,
  utc: 0,
  z: 0,
  wet: 0,
  bst: 60,
  cet: 60,
  met: 60,
  mest: 120,
  cest: 120,
  eet: 120,
  est: -300,
  edt: -240,
  cst: -360,
  cdt: -300,
  mst: -420,
  mdt: -360,
  pst: -480,
  pdt: -420,
});

interface Found {
  year?: number;
  month?: number;
  day?: number;
  seconds?: number;
  zone?: number;
}

/** A date in seconds since 1970, `null` for a text that is not a date. */
export function readDate(text: string): number | null {
  const found: Found = dictionary({});
  const tokens = text.match(/[A-Za-z]+|\d+(?::\d+)+|[+-]?\d+|[^\s,\w]/g) ?? [];
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i] as string;
    if (token === "-" || token === "/") continue;
    const isTaken = /^[A-Za-z]/.test(token)
      ? word(token.toLowerCase(), found)
      : token.includes(":")
      ? time(token, found)
      : number(token, found);
    if (!isTaken) return null;
  }
  return total(found);
}

function word(token: string, found: Found): boolean {
  const month = MONTHS.indexOf(token.slice(0, 3));
  if (DAYS.test(token)) return true;
  if (month >= 0 && found.month === undefined && token.length >= 3) found.month = month;
  else if (token in ZONES && found.zone === undefined) found.zone = ZONES[token] as number;
  else return token === "t"; // between the date and the time of ISO 8601
  return true;
}

function time(token: string, found: Found): boolean {
  const [hours = 0, minutes = 0, seconds = 0, more] = token.split(":").map(Number);
  if (found.seconds !== undefined || more !== undefined) return false;
  if (hours > 23 || minutes > 59 || seconds > 60) return false;
  found.seconds = (hours * 60 + minutes) * 60 + seconds;
  return true;
}

function number(token: string, found: Found): boolean {
  const value = Math.abs(Number(token)), isSigned = /^[+-]/.test(token);
  if (isSigned && token.length === 5 && found.seconds !== undefined && found.zone === undefined) {
    if (value > 1400) return false;
    const minutes = Math.floor(value / 100) * 60 + value % 100;
    found.zone = token.startsWith("-") ? -minutes : minutes;
    return true;
  }
  const digits = token.replace(/^[+-]/, "");
  if (digits.length === 8 && found.year === undefined) return wholeDate(digits, found);
  if (digits.length <= 2 && found.day === undefined && value >= 1 && value <= 31) {
    found.day = value;
  } else if (found.year === undefined) {
    found.year = digits.length <= 2 ? value + (value > 70 ? 1900 : 2000) : value;
  } else return false; // a month is given by its name
  return true;
}

function wholeDate(digits: string, found: Found): boolean {
  const month = Number(digits.slice(4, 6)) - 1, day = Number(digits.slice(6));
  if (month < 0 || month > 11 || day < 1 || day > 31) return false;
  Object.assign(found, { year: Number(digits.slice(0, 4)), month, day });
  return true;
}

function total({ year, month, day, seconds = 0, zone = 0 }: Found): number | null {
  if (year === undefined || month === undefined || day === undefined) return null;
  const ms = Date.UTC(year, month, day);
  return Number.isNaN(ms) ? null : ms / 1000 + seconds - zone * 60;
}
