// The records that the page knows: the newest ones, as they are now, all or those of one account.

const MOST = 10_000;

export class Journal {
  #records = new Map();

  /** Take records; one that is known is put in the place of what it was. */
  take(records) {
    for (const record of records) this.#records.set(record.seq, record);
    for (const seq of this.#records.keys()) {
      if (this.#records.size <= MOST) break;
      this.#records.delete(seq);
    }
  }

  clear() {
    this.#records.clear();
  }

  get(seq) {
    return this.#records.get(seq);
  }

  /** The records about an account, or all of them, oldest first. */
  of(account) {
    const all = [...this.#records.values()];
    return account === null ? all : all.filter((record) => record.i_account === account);
  }
}

/** Where the page begins to read a journal whose newest record is known. */
export function beginning(last) {
  return Math.max(0, last - MOST);
}
