using System.Security.Cryptography;

namespace Qkms.Core.Cryptography.Rfc9180;

/// <summary>
/// One ML-KEM parameter set with HKDF-SHA256 and AES-256-GCM, and what of its key schedule depends on neither key nor message.
/// </summary>
internal sealed class Suite
{
    // IANA's registry "HPKE KEM Identifiers", and draft-ietf-hpke-pq, section 3.
    private static readonly Suite _mlKem512 = new(0x0040);
    private static readonly Suite _mlKem768 = new(0x0041);
    private static readonly Suite _mlKem1024 = new(0x0042);

    // The info used last, for callers that always use the same few bytes; a long one would only hold memory.
    private const int MaxKeptInfoSize = 256;

    private readonly byte[] _suiteId = new byte[KeySchedule.SuiteIdSize];
    private readonly InfoContext _empty;
    private volatile InfoContext _last;

    private Suite(ushort kemId)
    {
        KeySchedule.WriteSuiteId(kemId, _suiteId);
        _last = _empty = new InfoContext(_suiteId, info: []);
    }

    /// <summary>The suite of a parameter set.</summary>
    internal static Suite Of(MLKemAlgorithm algorithm) => algorithm switch
    {
        _ when algorithm == MLKemAlgorithm.MLKem768 => _mlKem768,
        _ when algorithm == MLKemAlgorithm.MLKem1024 => _mlKem1024,
        _ => _mlKem512,
    };

    /// <summary>KeyScheduleS/R(mode_base, shared_secret, info, "", "") of RFC 9180, section 5.1.</summary>
    /// <param name="sharedSecret">The KEM's shared secret.</param>
    /// <param name="info">The application's info.</param>
    /// <param name="key"><see cref="KeySchedule.KeySize"/> bytes.</param>
    /// <param name="nonce"><see cref="KeySchedule.NonceSize"/> bytes.</param>
    [TouchesSecrets]
    internal void Derive(ReadOnlySpan<byte> sharedSecret, ReadOnlySpan<byte> info, Span<byte> key, Span<byte> nonce) =>
        KeySchedule.Derive(_suiteId, ContextOf(info).Bytes, sharedSecret, key, nonce);

    private InfoContext ContextOf(ReadOnlySpan<byte> info)
    {
        if (info.IsEmpty)
            return _empty;

        InfoContext last = _last;
        if (last.IsOf(info))
            return last;

        InfoContext context = new(_suiteId, info);
        if (info.Length <= MaxKeptInfoSize)
            _last = context;
        return context;
    }

    /// <summary>The key_schedule_context of an info. Both are public.</summary>
    private sealed class InfoContext
    {
        private readonly byte[] _info;
        private readonly byte[] _bytes = new byte[KeySchedule.ContextSize];

        internal InfoContext(ReadOnlySpan<byte> suiteId, ReadOnlySpan<byte> info)
        {
            _info = info.ToArray();
            KeySchedule.WriteContext(suiteId, info, _bytes);
        }

        internal ReadOnlySpan<byte> Bytes => _bytes;

        internal bool IsOf(ReadOnlySpan<byte> info) => info.SequenceEqual(_info);
    }
}
