using Microsoft.Extensions.Logging;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Migrations;

/// <summary>
/// Looks once a minute whether the schema is still the one that the migrations made. While it is not, the service reads and writes nothing:
/// what acts in a schema that somebody changed is not known.
/// </summary>
internal sealed class SchemaWatch : IDisposable
{
    private static readonly TimeSpan _period = TimeSpan.FromMinutes(1);

    private readonly Func<Task<string?>> _findDifference;
    private readonly ILogger _logger;
    private readonly ITimer _timer;
    private volatile string? _difference;

    /// <summary>Looks for the first time in a minute; until then the start has looked.</summary>
    /// <param name="findDifference">What is too many, missing or different now, or null.</param>
    /// <param name="time">The clock.</param>
    /// <param name="logger">Where a difference is told.</param>
    public SchemaWatch(Func<Task<string?>> findDifference, TimeProvider time, ILogger logger)
    {
        (_findDifference, _logger) = (findDifference, logger);
        _timer = time.CreateTimer(_ => _ = LookAsync(), state: null, _period, _period);
    }

    /// <summary>To be called before anything is read or written.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: the schema is not ours.</exception>
    public void ThrowIfDifferent()
    {
        if (_difference is not null)
            throw KmsErrors.Unavailable.RetryAfter(_period);
    }

    /// <summary>Looks now. A database that does not answer says nothing about its schema.</summary>
    public async Task LookAsync()
    {
        try
        {
            Note(await _findDifference());
        }
        catch (Exception e)
        {
            StorageLog.SchemaNotRead(_logger, e);
        }
    }

    /// <summary>Keeps what a look found.</summary>
    public void Note(string? difference)
    {
        if (difference is not null)
            StorageLog.SchemaDifferent(_logger, difference);
        else if (_difference is not null)
            StorageLog.SchemaRestored(_logger);

        _difference = difference;
    }

    /// <summary>Looks no more.</summary>
    public void Dispose() => _timer.Dispose();
}
