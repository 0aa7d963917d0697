/// Finds what somebody who mistyped a name probably meant.
enum Nearest {
    /// The candidate with the smallest edit distance to `name`, or `nil` when none is near enough to suggest.
    ///
    /// Near enough is at most two edits, or a quarter of the longer name; of equals, the first.
    static func name(to name: String, among candidates: some Sequence<String>) -> String? {
        candidates.map { (name: $0, distance: distance(name, $0)) }
            .filter { $0.distance <= max(2, max(name.utf8.count, $0.name.utf8.count) / 4) }
            .min { $0.distance < $1.distance }?.name
    }

    /// How many insertions, deletions, replacements and swaps of neighbours turn `left` into `right`.
    ///
    /// The "optimal string alignment" form of the Damerau–Levenshtein distance, over bytes.
    static func distance(_ left: String, _ right: String) -> Int {
        let (left, right) = (Array(left.utf8), Array(right.utf8))
        var before: [Int] = []
        var above = Array(0...right.count)
        for (row, a) in left.enumerated() {
            var current = [row + 1]
            for (column, b) in right.enumerated() {
                var best = min(above[column + 1] + 1, current[column] + 1, above[column] + (a == b ? 0 : 1))
                if row > 0, column > 0, a == right[column - 1], left[row - 1] == b {
                    best = min(best, before[column - 1] + 1)
                }
                current.append(best)
            }
            (before, above) = (above, current)
        }
        return above[right.count]
    }
}
