using System.Collections.Concurrent;
using Qkms.Core.Keys;

namespace Qkms.Api.Keys;

/// <summary>
/// How versions were shown before: whoever asks for one again and again gets the same bytes, until the version is read anew or its status
/// changes. Public keys in base64 are most of them.
/// </summary>
internal sealed class ShownVersions
{
    // Some 8 KB each with the version.
    private const int MostKept = 1_000;

    // By the version as it was read: it does not change, and the next one that is read is another object.
    private readonly ConcurrentDictionary<KeyVersion, Shown> _kept = new(ReferenceEqualityComparer.Instance);

    /// <summary>The version as shown to callers at <paramref name="now"/>; see <see cref="KeyVersionResponse.From"/>.</summary>
    public KeptResult<KeyVersionResponse> Of(KeyVersion version, string? spelling, DateTimeOffset now)
    {
        KeyStatus status = version.StatusAt(now);
        if (_kept.TryGetValue(version, out Shown? kept) && kept.Status == status && kept.Spelling == spelling)
            return kept.Result;

        if (_kept.Count >= MostKept)
            _kept.Clear();

        Shown shown = new(status, spelling, new KeptResult<KeyVersionResponse>(KeyVersionResponse.From(version, spelling, now)));
        _kept[version] = shown;
        return shown.Result;
    }

    /// <param name="Status">The status that it was shown with: all else of the answer depends on no time.</param>
    /// <param name="Spelling">How the request spelled the algorithm.</param>
    /// <param name="Result">The answer.</param>
    private sealed record Shown(KeyStatus Status, string? Spelling, KeptResult<KeyVersionResponse> Result);
}
