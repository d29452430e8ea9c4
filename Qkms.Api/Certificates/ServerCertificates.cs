using System.Collections.Concurrent;
using System.Net.Security;
using Microsoft.AspNetCore.Connections;
using Qkms.Api.Logging;

namespace Qkms.Api.Certificates;

/// <summary>
/// The TLS certificates that are served: those of the files, read again when the files change, and none that cannot be used. Kestrel reads
/// them once at the start; each handshake then gets the newest of the same files.
/// </summary>
internal sealed partial class ServerCertificates(TimeProvider time, ILogger<ServerCertificates> logger)
{
    /// <summary>From so long before a certificate expires it is warned of.</summary>
    private static readonly TimeSpan _notice = TimeSpan.FromDays(14);

    private static readonly TimeSpan _reminder = TimeSpan.FromDays(1);

    // By the thumbprint of whatever was read from the files since the start: the one that Kestrel holds is among them.
    private readonly ConcurrentDictionary<string, Served> _byThumbprint = [];
    private readonly List<Served> _all = [];

    /// <summary>Reads every certificate. At the start, before the first handshake.</summary>
    /// <exception cref="SettingsException">One cannot be used; the message names the file.</exception>
    public void Open(IReadOnlyList<CertificateFiles> files)
    {
        foreach (CertificateFiles file in files)
        {
            try
            {
                Served served = new(file);
                served.Read();
                Remember(served);
                _all.Add(served);
                CheckDates(served);
            }
            catch (CertificateException e)
            {
                throw new SettingsException(e.Message);
            }
        }
    }

    /// <summary>Puts the newest certificate into a handshake, in place of the one that the same files had at the start.</summary>
    public void Choose(ConnectionContext connection, SslServerAuthenticationOptions handshake)
    {
        if (handshake.ServerCertificateContext?.TargetCertificate.Thumbprint is { } thumbprint
            && _byThumbprint.TryGetValue(thumbprint, out Served? served))
            handshake.ServerCertificateContext = served.Context;
    }

    /// <summary>Looks at the files, and at the dates of what is served. Not at the same time as itself.</summary>
    public void Refresh()
    {
        foreach (Served served in _all)
        {
            Reread(served);
            CheckDates(served);
        }
    }

    private static DateTime ExpiryOf(Served served) => served.Context.TargetCertificate.NotAfter.ToUniversalTime();

    private void Reread(Served served)
    {
        try
        {
            if (!served.Read())
                return;

            Remember(served);
            LogRenewed(logger, served.Files.Path, ExpiryOf(served));
        }
        catch (CertificateException e)
        {
            // Once for each reason: an operator may take days to repair it.
            if (served.Complaint != e.Message)
                LogKept(logger, served.Files.Path, e.Message, ExpiryOf(served));

            served.Complaint = e.Message;
        }
    }

    private void Remember(Served served) => _byThumbprint[served.Context.TargetCertificate.Thumbprint] = served;

    private void CheckDates(Served served)
    {
        DateTime now = time.GetUtcNow().UtcDateTime;
        DateTime from = served.Context.TargetCertificate.NotBefore.ToUniversalTime();
        DateTime expiry = ExpiryOf(served);
        Validity validity = now < from ? Validity.NotYet
            : now >= expiry ? Validity.Expired
            : now >= expiry - _notice ? Validity.Soon
            : Validity.Good;
        if (validity == served.Validity && now < served.ToldAt + _reminder)
            return;

        (served.Validity, served.ToldAt) = (validity, now);
        if (validity == Validity.NotYet)
            LogNotYetValid(logger, served.Files.Path, from);
        else if (validity == Validity.Expired)
            LogExpired(logger, served.Files.Path, expiry);
        else if (validity == Validity.Soon)
            LogExpiresSoon(logger, served.Files.Path, expiry, (int)(expiry - now).TotalDays);
    }

    [LoggerMessage(ApiEvents.CertificateRenewed, LogLevel.Information,
        "The certificate in {Path} has changed, and the new one is served from now on; it expires at {Expiry:u}.")]
    private static partial void LogRenewed(ILogger logger, string path, DateTime expiry);

    [LoggerMessage(ApiEvents.CertificateKept, LogLevel.Error,
        "The certificate in {Path} has changed, and the new one cannot be used. {Reason} The one before is served on; it "
        + "expires at {Expiry:u}.")]
    private static partial void LogKept(ILogger logger, string path, string reason, DateTime expiry);

    [LoggerMessage(ApiEvents.CertificateExpiresSoon, LogLevel.Warning,
        "The certificate in {Path} expires at {Expiry:u}, in {Days} days. Replace the file; Qkms serves the new one without a restart.")]
    private static partial void LogExpiresSoon(ILogger logger, string path, DateTime expiry, int days);

    [LoggerMessage(ApiEvents.CertificateExpired, LogLevel.Error,
        "The certificate in {Path} expired at {Expiry:u}, and clients refuse it. Replace the file; Qkms serves the new one without a "
        + "restart.")]
    private static partial void LogExpired(ILogger logger, string path, DateTime expiry);

    [LoggerMessage(ApiEvents.CertificateNotYetValid, LogLevel.Error,
        "The certificate in {Path} is not valid before {From:u}, and clients refuse it until then.")]
    private static partial void LogNotYetValid(ILogger logger, string path, DateTime from);

    private enum Validity
    {
        Good,
        Soon,
        Expired,
        NotYet,
    }

    private sealed class Served(CertificateFiles files)
    {
        private (DateTime CertificateTime, long CertificateLength, DateTime KeyTime, long KeyLength) _stamp;
        private SslStreamCertificateContext? _context;

        public CertificateFiles Files => files;

        /// <summary>What is served. One that it took the place of is left to the collector: a handshake may still hold it.</summary>
        public SslStreamCertificateContext Context => Volatile.Read(ref _context) ?? throw new InvalidOperationException("Not read yet.");

        /// <summary>Why the files cannot be used, if it was said.</summary>
        public string? Complaint { get; set; }

        public Validity Validity { get; set; }

        public DateTime ToldAt { get; set; }

        /// <summary>Reads the files if they have changed since; whether they had.</summary>
        public bool Read()
        {
            // Before the files: a change in between is seen the next time.
            (DateTime, long, DateTime, long) stamp = files.Stamp();
            bool isNew = stamp != _stamp;
            if (isNew)
                Volatile.Write(ref _context, files.Load());

            (_stamp, Complaint) = (stamp, null);
            return isNew;
        }
    }
}
