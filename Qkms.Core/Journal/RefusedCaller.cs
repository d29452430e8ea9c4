using System.Globalization;
using System.Text;

namespace Qkms.Core.Journal;

/// <summary>What an API key was refused in a minute, as far as it was only counted.</summary>
/// <param name="tenantId">Whose API key it is.</param>
internal sealed class RefusedCaller(TenantId tenantId)
{
    private const string TimeFormat = "yyyy-MM-dd'T'HH:mm:ss.fff'Z'";

    private readonly SortedDictionary<string, long> _counts = new(StringComparer.Ordinal);
    private DateTimeOffset _first;
    private DateTimeOffset _last;

    /// <summary>Whose API key it is.</summary>
    public TenantId TenantId => tenantId;

    /// <summary>How many have events of their own.</summary>
    public int Told { get; set; }

    /// <summary>How many have not.</summary>
    public long Counted { get; private set; }

    /// <summary>Counts refusals that have no event of their own.</summary>
    /// <param name="error">Why.</param>
    /// <param name="count">How many: the items of a request.</param>
    /// <param name="now">When.</param>
    public void Count(KmsError error, int count, DateTimeOffset now)
    {
        if (Counted == 0)
            _first = now;

        _last = now;
        Counted += count;
        _counts[error.Code] = _counts.GetValueOrDefault(error.Code) + count;
    }

    /// <summary>How many were counted, from when to when, and of which codes, the most frequent first.</summary>
    public string Describe()
    {
        StringBuilder text = new();
        text.Append(CultureInfo.InvariantCulture, $"{Counted} more from {Text(_first)} to {Text(_last)}:");
        string separator = " ";
        foreach ((string code, long count) in _counts.OrderByDescending(pair => pair.Value))
        {
            text.Append(CultureInfo.InvariantCulture, $"{separator}{count} {code}");
            separator = ", ";
        }

        return text.ToString();
    }

    private static string Text(DateTimeOffset at) => at.UtcDateTime.ToString(TimeFormat, CultureInfo.InvariantCulture);
}
