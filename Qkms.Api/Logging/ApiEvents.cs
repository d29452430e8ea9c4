namespace Qkms.Api.Logging;

/// <summary>The ids of the log events of this project, 1 to 999: each names one event, and keeps its meaning.</summary>
internal static class ApiEvents
{
    public const int First = 1;
    public const int Last = 999;

    public const int Started = 1;
    public const int InitialApiKeyWritten = 2;
    public const int RootKeyBesideData = 3;
    public const int Stopped = 4;
    public const int RequestsCutOff = 5;
    public const int ServiceManagerNotTold = 6;
    public const int DemoKeysMade = 7;
    public const int WaitsSealed = 8;
    public const int Unsealed = 9;

    public const int HousekeepingPutOff = 101;
    public const int HousekeepingFailed = 102;

    public const int CertificateRenewed = 401;
    public const int CertificateKept = 402;
    public const int CertificateExpiresSoon = 403;
    public const int CertificateExpired = 404;
    public const int CertificateNotYetValid = 405;

    public const int UnexpectedFailure = 201;
    public const int RequestAnswered = 202;
    public const int RequestsNotLogged = 203;

    public const int LogLinesDropped = 301;
}
