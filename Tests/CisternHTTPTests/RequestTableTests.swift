import TestSupport
import Testing

@Suite struct RequestTableTests {
    @Test func theTableIsLargeAndSaysWhereEachRuleStands() throws {
        #expect(RequestCase.all.count >= 200)
        #expect(Set(RequestCase.all.map(\.name)).count == RequestCase.all.count, "a name is there twice")
        for request in RequestCase.all {
            let words = request.section.split(separator: " ")
            #expect(words.count == 3 && words[0] == "RFC" && Int(words[1]) != nil, "\(request)")
            let numbers = words[2].dropFirst().split(separator: ".", omittingEmptySubsequences: false)
            #expect(words[2].first == "§" && numbers.allSatisfy { Int($0) != nil }, "\(request)")
        }
    }

    /// Whole, byte by byte, and cut in two at every point (at some of them, where there are many).
    @Test(arguments: RequestCase.all) func theParserReadsItAsTheTableSays(_ request: RequestCase) {
        let whole = transcript([request.bytes], bodyLimit: 1 << 20)
        #expect(outcome(whole, like: request.outcome) == request.outcome, "\(whole)")
        #expect(transcript(request.bytes.map { [$0] }, bodyLimit: 1 << 20) == whole, "byte by byte")
        for cut in request.cuts {
            let pieces = [Array(request.bytes[..<cut]), Array(request.bytes[cut...])]
            let split = transcript(pieces, bodyLimit: 1 << 20)
            guard split == whole else {
                Issue.record("cut before byte \(cut): \(split) instead of \(whole)")
                return
            }
        }
    }

    /// What a transcript says of the connection. The parser does not know the answers to good requests, nor which of them
    /// end the connection: these are taken from `expected`.
    private func outcome(_ transcript: [String], like expected: RequestCase.Outcome) -> RequestCase.Outcome {
        let heads = transcript.count { $0.first?.isUppercase == true }
        let last = transcript.last ?? ""
        if let refusal = Int(last.prefix(3)) {
            // A head that is refused is not in the transcript.
            let before = Array(expected.answers.dropLast())
            if heads == before.count { return .init(answers: before + [refusal], ending: .refused) }
            if heads == before.count + 1 { return .init(answers: before + [refusal], ending: .broken) }
        } else if last.hasPrefix("waiting") {
            if heads - expected.answers.count <= 1 { return .init(answers: expected.answers, ending: .waiting) }
        } else {
            let isBeginning = transcript.isEmpty && expected.ending == .waiting
            let isUnread = heads >= expected.answers.count && expected.ending == .closed
            // Nothing, or an empty line, is the beginning of any request; what comes behind the last answer is not read.
            if isBeginning || isUnread { return expected }
            if heads == expected.answers.count { return .init(answers: expected.answers, ending: .open) }
        }
        return .init(answers: [heads], ending: .open)
    }
}
