/** Who reported what I owe: asked of the server at one tap, shown until the view closes, kept nowhere. */
import { ask } from "./ask";
import { language } from "./words";

export interface Known {
  name: string;
  phone: string;
  address: string;
}

export async function people(incident: string): Promise<Known[]> {
  return ask<Known[]>("POST", `/people/${incident}`, { body: {}, language: language() });
}
