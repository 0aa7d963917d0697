import VaultModel

// Pastes in which there is no whole key: what they are instead.
extension Consultation {
    mutating func notAKey(_ peeled: PasteCleaning, _ sightings: [Sighting], _ text: RawSpan) -> Examination {
        let range = peeled.range
        let isOneWord = !range.contains { text.byte($0).isSpace }
        let isAddress = isURL(text.extracting(range))
        let piece = sightings.first { $0.refused == nil && $0.state != .full }
        let owner = piece.map { provider($0.provider) }
        let texts = DoctorTexts(provider: owner ?? chosen)
        steps += 4 * text.byteCount

        if text.isMasked(0..<text.byteCount, isAlone: isOneWord && !isAddress) {
            return refuse(.masked, "masked", texts.masked, provider: owner)
        }
        let isPhrase = !range.isEmpty && !isAddress && (isOneWord || range.count <= 64)
        if (peeled.wasAngled && !range.isEmpty && !isAddress && piece == nil)
            || (isPhrase && text.isSample(range, variables: doctor.variables))
            || text.hasSampleWord(0..<text.byteCount)
        {
            return refuse(.placeholder, "placeholder", texts.placeholder, provider: owner)
        }
        if let piece, piece.state == .short {
            let words = texts.truncated(piece.range.count, piece.pattern.wholeLength)
            return refuse(.truncated, piece.pattern.kind, words, provider: owner)
        }
        if isOneWord, piece == nil, let words = misfitOfChosen(range, text) { return words }
        if isOneWord, piece == nil, let cut = doctor.finder.provider(ofCutPrefix: range, in: text) {
            let owner = provider(cut.provider)
            let words = DoctorTexts(provider: owner).truncated(range.count, owner.keys.first?.wholeLength)
            return refuse(.truncated, cut.kind, words, provider: owner)
        }
        if !isAddress, let (place, identifier) = doctor.finder.identifier(in: text, steps: &steps) {
            let owner = provider(place)
            let words = DoctorTexts(provider: owner).refused(identifier, isOwn: true)
            return refuse(.malformed, "identifier", words, provider: owner)
        }
        if chosenID == nil, !isAddress, let ambiguous = ambiguous(text) { return ambiguous }
        return malformed(peeled, isOneWord: isOneWord, isAddress: isAddress, piece, text)
    }

    /// What begins as the chosen provider's keys do, though others' do too, and has not their length.
    private func misfitOfChosen(_ range: Range<Int>, _ text: RawSpan) -> Examination? {
        guard let chosen else { return nil }
        let likely = chosen.keys.first { pattern in
            !pattern.prefix.isEmpty && pattern.begins(at: range.lowerBound, of: text)
                && range.dropFirst(pattern.prefix.count).allSatisfy { pattern.admits(text.byte($0)) }
        }
        guard let likely else { return nil }
        let texts = DoctorTexts(provider: chosen)
        return switch likely.fit(of: range, in: text) {
        case .short:
            refuse(
                .truncated, likely.kind, texts.truncated(range.count, likely.wholeLength), provider: chosen)
        case .long:
            refuse(.malformed, "too_long", texts.tooLong(range.count, likely.wholeLength), provider: chosen)
        case .full: nil
        }
    }

    private mutating func ambiguous(_ text: RawSpan) -> Examination? {
        let shapes = doctor.finder.shapes(in: text, of: nil, steps: &steps)
        guard let first = shapes.first else { return nil }
        let texts = DoctorTexts(provider: nil)
        guard shapes.allSatisfy({ text.areEqual($0.range, first.range) }) else {
            return refuse(.severalKeys, "several", texts.several)
        }
        let candidates = Set(shapes.map { provider($0.provider).id }).sorted()
        let names = candidates.compactMap { doctor.catalogue[$0]?.name }
        return refuse(.ambiguous, "ambiguous", texts.ambiguous(names), candidates: candidates)
    }

    private func malformed(
        _ peeled: PasteCleaning, isOneWord: Bool, isAddress: Bool, _ piece: Sighting?, _ text: RawSpan
    ) -> Examination {
        let range = peeled.range
        let owner = piece.map { provider($0.provider) }
        let texts = DoctorTexts(provider: owner ?? chosen)
        if range.isEmpty { return refuse(.malformed, "empty", texts.empty) }
        if isAddress { return refuse(.malformed, "url", texts.url) }
        if isOneWord, isUUID(range, text) { return refuse(.malformed, "identifier", texts.accountID) }
        if isOneWord, let (owner, identifier) = identifier(range, text) {
            let words = DoctorTexts(provider: owner).refused(identifier, isOwn: true)
            return refuse(.malformed, "identifier", words, provider: owner)
        }
        if let piece, case .interrupted(let place) = piece.state {
            let position = text.characters(in: piece.range.lowerBound..<place) + 1
            return foreign(text.scalar(at: place)?.value, at: position, provider: owner)
        }
        if isOneWord, let place = range.first(where: { !(0x21...0x7E).contains(text.byte($0)) }) {
            let position = text.characters(in: range.lowerBound..<place) + 1
            return foreign(text.scalar(at: place)?.value, at: position)
        }
        if let piece, piece.state == .long {
            let words = texts.tooLong(piece.range.count, piece.pattern.wholeLength)
            return refuse(.malformed, "too_long", words, provider: owner)
        }
        if isOneWord, range.count > KeyPattern.longestKey { return refuse(.malformed, "too_long", texts.tooLong) }
        return refuse(.malformed, "unknown", texts.unknown)
    }

    private func identifier(_ range: Range<Int>, _ text: RawSpan) -> (Provider, RefusedCredential)? {
        for provider in doctor.catalogue.providers {
            for credential in provider.refused where credential.category == .identifier {
                guard let pattern = credential.pattern, pattern.begins(at: range.lowerBound, of: text),
                    (range.lowerBound + pattern.prefix.count..<range.upperBound).allSatisfy({
                        pattern.admits(text.byte($0))
                    }),
                    pattern.fit(of: range, in: text) == .full
                else { continue }
                return (provider, credential)
            }
        }
        return nil
    }

    /// 8-4-4-4-12 hexadecimal digits (RFC 9562 §4).
    private func isUUID(_ range: Range<Int>, _ text: RawSpan) -> Bool {
        range.count == 36
            && (0..<36).allSatisfy { offset in
                let byte = text.byte(range.lowerBound + offset)
                return [8, 13, 18, 23].contains(offset) ? byte == UInt8(ascii: "-") : byte.isHexDigit
            }
    }
}
