using Microsoft.Extensions.Logging;
using Microsoft.Win32.SafeHandles;
using Qkms.Core.Secrets;
using Qkms.Storage.Telemetry;

namespace Qkms.Storage.Sqlite;

/// <summary>
/// Notices that the open database file was taken away, or another one put in its place. SQLite does not: it goes on writing to the file
/// that is gone, and opens the other one to read. Where there is no /proc, as on Windows, which lets nobody replace an open file, it
/// notices nothing.
/// </summary>
internal sealed class DatabaseFile : IDisposable
{
    // Connections that are open already stay with the right file.
    private static readonly TimeSpan _oftenEnough = TimeSpan.FromMilliseconds(100);

    private readonly SafeFileHandle _file;
    private readonly string _link;
    private readonly string? _name;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Lock _lock = new();
    private long _lookedAt;
    private bool _isReplaced;

    /// <summary>
    /// Looks at the file that is there now. To be disposed after every connection to it: when a process closes any handle of a file, the
    /// system drops all its locks on it (https://www.sqlite.org/howtocorrupt.html, 2.2).
    /// </summary>
    public DatabaseFile(string path, TimeProvider time, ILogger logger)
    {
        (_time, _logger) = (time, logger);
        _file = OperatingSystem.IsLinux()
            ? new SafeFileHandle(LibC.Open(path, LibC.ReadOnly | LibC.CloseOnExec), ownsHandle: true)
            : new SafeFileHandle();
        _link = $"/proc/self/fd/{_file.DangerousGetHandle()}";
        _name = NameNow();
        _lookedAt = time.GetTimestamp();
    }

    /// <summary>To be called before the file is used.</summary>
    /// <exception cref="KmsException"><see cref="KmsErrors.Unavailable"/>: it is not the file that was opened.</exception>
    public void ThrowIfReplaced()
    {
        bool isRecent = _time.GetElapsedTime(Interlocked.Read(ref _lookedAt)) < _oftenEnough;
        if (isRecent ? Volatile.Read(ref _isReplaced) : IsReplaced())
            throw SqliteFaults.Unavailable();
    }

    /// <summary>Looks now.</summary>
    public bool IsReplaced()
    {
        lock (_lock)
        {
            bool isReplaced = NameNow() != _name;
            if (isReplaced && !_isReplaced)
                StorageLog.DatabaseFileReplaced(_logger, _name);
            else if (_isReplaced && !isReplaced)
                StorageLog.DatabaseFileBack(_logger, _name);

            Volatile.Write(ref _isReplaced, isReplaced);
            Interlocked.Exchange(ref _lookedAt, _time.GetTimestamp());
            return isReplaced;
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _file.Dispose();

    // The system follows a file that is renamed, and adds "(deleted)" to the name of one that has no name left.
    private string? NameNow() => _file.IsInvalid || _file.IsClosed ? _name : new FileInfo(_link).LinkTarget;
}
