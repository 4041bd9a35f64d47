// The records that the page knows: the newest ones, as they are now, all or those of one account.

const MOST = 10_000;

export class Journal {
  #records = new Map();
  #oldest = 0;

  /** Take records; one that is known is put in the place of what it was. */
  take(records) {
    for (const record of records) if (record.seq >= this.#oldest) this.#records.set(record.seq, record);
    if (this.#records.size <= MOST) return;
    const kept = this.#sorted().slice(-MOST);
    this.#oldest = kept[0].seq;
    this.#records = new Map(kept.map((record) => [record.seq, record]));
  }

  clear() {
    this.#records.clear();
    this.#oldest = 0;
  }

  get(seq) {
    return this.#records.get(seq);
  }

  /** The records about an account, or all of them, in the order in which they began. */
  of(account) {
    const all = this.#sorted();
    return account === null ? all : all.filter((record) => record.i_account === account);
  }

  // They come in the order in which they changed: an event that is answered late comes behind what it led to.
  #sorted() {
    return [...this.#records.values()].sort((one, other) => one.seq - other.seq);
  }
}

/** Where the page begins to read a journal whose newest record is known. */
export function beginning(last) {
  return Math.max(0, last - MOST);
}
